// Where the chance of all tests begins, and how far it goes. The same in every run, so that CI is repeatable:
// ORBWEAVER_SEED=random (or a number) and ORBWEAVER_RUNS=20 (times as many) are for looking further.

const wanted = process.env['ORBWEAVER_SEED'] ?? '20261123'

/** A whole number of 31 bits. */
export const seed =
  wanted === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number.parseInt(wanted, 10)

/** How many times as many runs as a test asks for. */
export const runsFactor = Number(process.env['ORBWEAVER_RUNS'] ?? 1)

if (!Number.isSafeInteger(seed)) throw new Error('ORBWEAVER_SEED is a whole number or "random"')
if (!(runsFactor > 0)) throw new Error('ORBWEAVER_RUNS is a number above 0')

/** What repeats this run; said by every test of chance that fails. */
export const repeatedBy = `ORBWEAVER_SEED=${seed}${runsFactor === 1 ? '' : ` ORBWEAVER_RUNS=${runsFactor}`}`
