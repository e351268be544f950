import {z} from "zod";

const share = (fallback: number) => z.number().min(0).max(1).default(fallback);

/** Limits of the risk rules: `engine.risk` of the config file. */
export const riskLimits = z
  .strictObject({
    marginAlert: share(0.8).describe("share of the way to liquidation that raises an alert"),
    marginCritical: share(0.9).describe("share of the way to liquidation at which the hedge is closed"),
    distanceAlert: share(0.05).describe(
      "distance of the perp price to liquidation, as a fraction, below which an alert is raised"
    ),
    distanceCritical: share(0.02).describe(
      "distance of the perp price to liquidation, as a fraction, below which the hedge is closed"
    ),
    maxDrift: share(0.02).describe("maximum difference between the legs, as a fraction of the spot quantity"),
    staleMs: z.number().int().min(1_000).default(180_000).describe("age of the newest prices that blocks entries, ms"),
    maxSkewMs: z
      .number()
      .int()
      .min(100)
      .default(5_000)
      .describe("clock skew against the venue that blocks entries, ms"),
    maxErrors: z
      .number()
      .int()
      .min(1)
      .default(10)
      .describe("failed calls to the venue within ten minutes that block entries"),
    maxDailyLoss: share(0.02).describe("loss since 00:00 UTC, as a fraction of capital, that blocks entries"),
    lateSettlementMs: z
      .number()
      .int()
      .min(1_000)
      .default(900_000)
      .describe("age after which a settlement no longer triggers an entry, ms"),
    minCoverage: share(0.95).describe("minimum coverage of a pair's settlements for an entry")
  })
  .prefault({});

export type RiskLimits = z.infer<typeof riskLimits>;
