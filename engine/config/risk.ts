import {z} from "zod";

const share = (fallback: number) => z.number().min(0).max(1).default(fallback);

/** Limits of the risk rules: `engine.risk` of the config file. */
export const riskLimits = z
  .strictObject({
    marginAlert: share(0.8).describe("share of the way to liquidation that raises the alarm"),
    marginCritical: share(0.9).describe("share of the way to liquidation at which the hedge is left"),
    distanceAlert: share(0.05).describe("rise of the perp to liquidation, a share, under which the alarm is raised"),
    distanceCritical: share(0.02).describe("rise of the perp to liquidation under which the hedge is left"),
    maxDrift: share(0.02).describe("difference of the two legs, a share of the spot quantity"),
    staleMs: z.number().int().min(1_000).default(180_000).describe("age of the newest prices that stops entries, ms"),
    maxSkewMs: z.number().int().min(100).default(5_000).describe("clock skew against the venue that stops entries, ms"),
    maxErrors: z
      .number()
      .int()
      .min(1)
      .default(10)
      .describe("failed calls to the venue in ten minutes that stop entries"),
    maxDailyLoss: share(0.02).describe("loss since the UTC day began, a share of the capital, that stops entries"),
    lateSettlementMs: z
      .number()
      .int()
      .min(1_000)
      .default(900_000)
      .describe("age of a settlement after which it no longer decides an entry, ms"),
    minCoverage: share(0.95).describe("coverage of a pair's settlements below which it is not entered")
  })
  .prefault({});

export type RiskLimits = z.infer<typeof riskLimits>;
