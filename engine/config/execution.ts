import {z} from "zod";

/** Order style of the two legs at a real venue; `engine.execution` of the config file. */
export const executionConfig = z
  .strictObject({
    style: z
      .enum(["two-orders", "spread", "maker-first"])
      .default("two-orders")
      .describe(
        "two-orders: both legs at once, as takers; spread: one order for both legs where the venue lists the pair's spread; maker-first: one leg rests at its price, then the other takes"
      ),
    makerLeg: z.enum(["perp", "spot"]).default("perp").describe("maker-first: the leg that rests"),
    makerDeadlineMs: z.coerce
      .number()
      .int()
      .min(500)
      .max(600_000)
      .default(10_000)
      .describe("maker-first: how long it rests before it is taken back, ms")
  })
  .prefault({})
  .describe("how orders go out at a real venue; paper fills are the same for all");

/** The validated `engine.execution`. */
export type ExecutionConfig = z.infer<typeof executionConfig>;
