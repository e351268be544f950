import {sqlArrow} from "../../loaders/snapshots/index.js";

// One row per pair, venue and month: small enough for every page load, detailed enough for most queries.
process.stdout.write(
  await sqlArrow(`
    select venue, pair, strftime(make_timestamp((boundary_ts * 1000)::bigint), '%Y-%m') as month,
      count(*)::integer as settlements, sum(rate) as received, avg(rate8h) as mean8h, min(rate8h) as lowest8h,
      max(rate8h) as highest8h, avg(case when rate8h > 0 then 1.0 when rate8h is not null then 0.0 end) as share_positive
    from funding group by all order by pair, venue, month`)
);
