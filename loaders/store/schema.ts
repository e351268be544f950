/**
 * Version of the layout of `market.duckdb`. A newer store is rejected; an older one gains the tables that it lacks when
 * it is opened. Version 2 added `observations`.
 */
export const SCHEMA_VERSION = 2;

/** The decimal type of prices, rates and volumes: 20 digits before the point, 18 after it. */
export const DECIMAL_SQL = "DECIMAL(38,18)";

/** Maximum digits of a stored decimal before and after its point; a longer number is rejected, not rounded. */
export const INTEGER_DIGITS = 20;
export const FRACTION_DIGITS = 18;

/**
 * Has no primary keys: an index would cost more than the range-replace writes that keep rows unique (see write.ts).
 * Rows carry the number of their history, so that zone maps let a query skip other histories, however long the table.
 */
export const SCHEMA_SQL: readonly string[] = [
  `create table if not exists meta (key varchar not null, value varchar not null)`,
  `create table if not exists keys (
     id integer not null, venue varchar not null, series varchar not null, pair varchar not null, timeframe varchar not null)`,
  `create table if not exists funding (
     key_id integer not null, ts bigint not null, boundary_ts bigint not null,
     rate ${DECIMAL_SQL} not null, reported_hours double, interval_hours double, interval_source varchar)`,
  `create table if not exists predicted (
     key_id integer not null, observed_ts bigint not null, next_ts bigint not null, rate ${DECIMAL_SQL} not null)`,
  `create table if not exists candles (
     key_id integer not null, ts bigint not null, open ${DECIMAL_SQL}, high ${DECIMAL_SQL}, low ${DECIMAL_SQL}, close ${DECIMAL_SQL} not null,
     volume ${DECIMAL_SQL}, turnover ${DECIMAL_SQL})`,
  `create table if not exists observations (
     key_id integer not null, ts bigint not null, known_ts bigint not null, value ${DECIMAL_SQL} not null, notional ${DECIMAL_SQL})`,
  `create table if not exists coverage (
     key_id integer not null, from_ts bigint not null, to_ts bigint not null, origin varchar not null, verified_ts bigint not null)`,
  `create table if not exists holes (
     key_id integer not null, from_ts bigint not null, to_ts bigint not null, missing bigint not null, state varchar not null,
     tries integer not null, found_ts bigint not null)`,
  `create table if not exists remarks (
     key_id integer not null, kind varchar not null, ts bigint not null, to_ts bigint, was varchar, now varchar, reason varchar,
     found_ts bigint not null)`,
  `create table if not exists jobs (
     id varchar not null, created_ts bigint not null, body varchar not null)`,
  `create table if not exists dirty (
     key_id integer not null, year integer not null, from_ts bigint not null, to_ts bigint not null, appended boolean not null)`,
  `create table if not exists stale_features (key_id integer not null, year integer not null)`,
  `create table if not exists incidents (ts bigint not null, kind varchar not null, text varchar not null)`,
  `create table if not exists job_log (job_id varchar not null, ts bigint not null, text varchar not null)`,
  `create table if not exists tracked (
     venue varchar not null, pair varchar not null, series varchar not null, timeframe varchar not null,
     from_ts bigint not null, chosen_by varchar not null, since_ts bigint not null)`,
  `create table if not exists paused (venue varchar not null, pair varchar not null, since_ts bigint not null)`,
  `create table if not exists instruments (
     venue varchar not null, day_ts bigint not null, observed_ts bigint not null, market varchar not null, pair varchar not null,
     symbol varchar not null, coin varchar not null, multiplier bigint not null, quote varchar not null, active boolean not null,
     status varchar not null, launch_ts bigint, delist_ts bigint, contract_size varchar not null, tick varchar, step varchar,
     min_qty varchar, min_notional varchar, funding_interval_hours double, turnover_24h varchar)`
];

/** The rate per 8 hours of a row of settlements, in SQL (§2); null where its interval is unknown. */
export const RATE_8H_SQL = "rate::double * 8 / interval_hours";
