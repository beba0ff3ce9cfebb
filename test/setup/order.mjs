/**
 * The files that take longest, in descending order of the processor seconds that they and their children use. The order of all
 * others does not matter: they are short.
 */
const longest = [
  'test/durability/kill.test.ts',
  'test/matrix/matrix.test.ts',
  'test/faults/long-deletions.test.ts',
  'test/clients/documents.test.ts',
  'test/durability/backup.test.ts',
  'test/rights/revocation.test.ts',
  'test/faults/token-confusion.test.ts',
  'test/durability/memory.test.ts',
  'test/faults/scrub.test.ts',
]

/**
 * The files, the longest first and the others by name.
 *
 * @param {readonly string[]} files From the root of the repository.
 */
export function longestFirst(files) {
  const first = longest.filter((file) => files.includes(file))
  return [...first, ...files.filter((file) => !longest.includes(file)).sort()]
}
