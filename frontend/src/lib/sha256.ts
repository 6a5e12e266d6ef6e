// SHA-256 (FIPS 180-4), as far as a puzzle needs it: the first 32 bits of the digest of an ASCII text.

const ROUNDS = new Int32Array(64);
const START = new Int32Array(8);

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1)
    if (candidate % divisor === 0) return false;
  return true;
}

/** The first 32 bits of the fraction of a number. */
function fraction(value: number): number {
  return ((value - Math.floor(value)) * 0x1_0000_0000) | 0;
}

for (let prime = 2, found = 0; found < 64; prime += 1) {
  if (!isPrime(prime)) continue;
  if (found < 8) START[found] = fraction(Math.sqrt(prime));
  ROUNDS[found] = fraction(Math.cbrt(prime));
  found += 1;
}

const words = new Int32Array(64);

function turn(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

function compress(state: Int32Array): void {
  for (let t = 16; t < 64; t += 1) {
    const early = words[t - 15] as number;
    const late = words[t - 2] as number;
    const s0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const s1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    words[t] = ((words[t - 16] as number) + s0 + (words[t - 7] as number) + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < 64; t += 1) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + (ROUNDS[t] as number) + (words[t] as number)) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const next = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) state[i] = ((state[i] as number) + (next[i] as number)) | 0;
}

/** Returns the first 32 bits of the SHA-256 of an ASCII text, unsigned. */
export function sha256Head(text: string): number {
  const state = START.slice();
  const length = text.length;
  const blocks = ((length + 8) >> 6) + 1;
  for (let block = 0; block < blocks; block += 1) {
    words.fill(0, 0, 16);
    for (let i = 0; i < 64; i += 1) {
      const place = block * 64 + i;
      const byte = place < length ? text.charCodeAt(place) & 0xff : place === length ? 0x80 : 0;
      words[i >> 2] = (words[i >> 2] as number) | (byte << (24 - (i & 3) * 8));
    }
    if (block === blocks - 1) words[15] = length * 8;
    compress(state);
  }
  return (state[0] as number) >>> 0;
}
