import {z} from "zod";

/** Order style of the two legs at a real venue; `engine.execution` of the config file. */
export const executionConfig = z
  .strictObject({
    style: z
      .enum(["two-orders", "spread", "maker-first"])
      .default("two-orders")
      .describe(
        "two-orders: both legs at once, as taker; spread: one spread order for both legs, where the venue lists one; maker-first: one leg rests as maker, then the other takes"
      ),
    makerLeg: z.enum(["perp", "spot"]).default("perp").describe("maker-first: the leg that rests as maker"),
    makerDeadlineMs: z.coerce
      .number()
      .int()
      .min(500)
      .max(600_000)
      .default(10_000)
      .describe("maker-first: time before the resting order is cancelled, ms")
  })
  .prefault({})
  .describe("order style at a real venue; paper fills do not depend on it");

/** The validated `engine.execution`. */
export type ExecutionConfig = z.infer<typeof executionConfig>;
