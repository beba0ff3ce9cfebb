/** The files that take longest, in descending order. The order of all others does not matter: they are short. */
const longest = [
  'test/durability/kill.test.ts',
  'test/postgres/migrate.test.ts',
  'test/faults/long-deletions.test.ts',
  'test/clients/az-equal.test.ts',
  'test/browser/portal-views.test.ts',
  'test/matrix/matrix.test.ts',
  'test/postgres/conformance-oci.test.ts',
  'test/chaos/chaos.test.ts',
  'test/packages/executable.test.ts',
  'test/durability/memory.test.ts',
  'test/postgres/revocation.test.ts',
  'test/postgres/conformance-abac.test.ts',
  'test/rights/revocation-with-workers.test.ts',
  'test/conformance/oci.test.ts',
  'test/clients/acrux-grant.test.ts',
  'test/clients/documents.test.ts',
  'test/durability/backup.test.ts',
  'test/postgres/rolling-restart.test.ts',
  'test/postgres/failover.test.ts',
  'test/faults/request-corpus.test.ts',
  'test/postgres/outage.test.ts',
  'test/browser/portal-tutorial.test.ts',
  'test/browser/portal-images.test.ts',
  'test/browser/pages.test.ts',
  'server/src/registry/deletion/deletion.test.ts',
  'server/src/compose/authority.test.ts',
  'test/clients/credential-helper.test.ts',
  'test/faults/token-confusion.test.ts',
  'test/rights/revocation.test.ts',
  'test/clients/cosign.test.ts',
  'test/browser/upstream.test.ts',
  'test/faults/openapi.test.ts',
  'test/clients/az-why.test.ts',
  'test/clients/az-scoped-tokens.test.ts',
  'server/src/registry/garbage/collect-garbage-races.test.ts',
  'server/src/credentials/passwords/password-check.test.ts',
]

/**
 * Files that use a processor for less than a third of their time, in descending order of the time. Most wait for something that
 * takes a fixed time: an expiry, a renewal, an interval of a client, a takeover.
 */
const waiting = [
  'test/serve/acme.test.ts',
  'test/clients/long-push.test.ts',
  'test/postgres/acme.test.ts',
  'test/clients/az-people.test.ts',
  'test/serve/workers.test.ts',
  'test/faults/scrub.test.ts',
  'test/clients/sign-in-failures.test.ts',
  'test/postgres/jobs.test.ts',
  'test/postgres/uploads.test.ts',
  'test/clients/azure-identity-people.test.ts',
  'test/serve/stop.test.ts',
  'test/faults/connection-limits.test.ts',
  'test/faults/outside-issuers.test.ts',
  'test/faults/processor-budget.test.ts',
  'test/surfaces/maintenance.test.ts',
  'test/faults/slow-clients.test.ts',
]

/** @param {string} file From the root of the repository. */
export function isLongest(file) {
  return longest.includes(file)
}

/**
 * The order in which everything starts: the longest files, the groups, and all other files by name.
 *
 * @param {readonly string[]} files From the root of the repository.
 * @param {readonly string[]} groups
 */
export function longestFirst(files, groups) {
  const first = longest.filter((file) => files.includes(file))
  return [...first, ...groups, ...files.filter((file) => !isLongest(file)).sort()]
}

/**
 * Those of the files that mostly wait.
 *
 * @param {readonly string[]} files From the root of the repository.
 */
export function mostlyWaiting(files) {
  return waiting.filter((file) => files.includes(file))
}
