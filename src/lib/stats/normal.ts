/** Returns the standard normal density. */
const normalPdf = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Returns the standard normal distribution function, to about 1e-15 (Marsaglia 2004, Taylor series). */
export function normalCdf(x: number): number {
  if (x < -38) return 0;
  if (x > 38) return 1;
  if (Math.abs(x) > 7) return x > 0 ? 1 - tail(x) : tail(-x);
  let sum = x;
  let term = x;
  for (let i = 3, before = 0; sum !== before; i += 2) {
    before = sum;
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * normalPdf(x);
}

/** Returns the far upper tail by continued fraction, where the Taylor series suffers cancellation. */
function tail(x: number): number {
  let fraction = x;
  for (let k = 60; k > 0; --k) fraction = x + k / fraction;
  return normalPdf(x) / fraction;
}

/**
 * Returns the inverse of {@link normalCdf}: Acklam's rational approximation refined by two Newton steps.
 * @param p strictly between 0 and 1
 * @throws RangeError `invalid probability: …`
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`invalid probability: ${p}`);
  let x = acklam(p);
  for (let i = 0; i < 2; ++i) x -= (normalCdf(x) - p) / normalPdf(x);
  return x;
}

const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0);

const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239
];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

function acklam(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(q, C) / polynomial(q, D);
  }
  if (p > 1 - 0.02425) return -acklam(1 - p);
  const q = p - 0.5;
  return (q * polynomial(q * q, A)) / polynomial(q * q, B);
}
