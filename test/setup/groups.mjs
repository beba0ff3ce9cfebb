import { writeFileSync } from 'node:fs'
import { join, matchesGlob, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLongest } from './order.mjs'

/**
 * Files beside the code that take several seconds each: races and random sequences of requests, hashes of passwords, real waits,
 * and walks over all routes. `test:quick` leaves them out.
 */
const slow = [
  'server/src/authorization/conditions/condition-pairs.test.ts',
  'server/src/authorization/differential.test.ts',
  'server/src/audit/chain/chain.test.ts',
  'server/src/audit/search/search-events.test.ts',
  'server/src/compose/*.test.ts',
  'server/src/credentials/machines/machines.test.ts',
  'server/src/credentials/passwords/*.test.ts',
  'server/src/credentials/second-factors/second-factors.test.ts',
  'server/src/graph/applications/credentials.test.ts',
  'server/src/graph/applications/managed-identities.test.ts',
  'server/src/graph/people/*.test.ts',
  'server/src/compose/relocation/*.test.ts',
  'server/src/identity/grants/*.test.ts',
  'server/src/identity/machines/machine-assertion.test.ts',
  'server/src/identity/provider/registered-clients.test.ts',
  'server/src/identity/provider/token-endpoint.test.ts',
  'server/src/identity/tokens/verify-access-token.test.ts',
  'server/src/identity/tokens/verify-people.test.ts',
  'server/src/imports/import-turns.test.ts',
  'server/src/imports/imports.test.ts',
  'server/src/issuers/keys/issuer-keys.test.ts',
  'server/src/issuers/upstream/*.test.ts',
  'server/src/management/fuzz.test.ts',
  'server/src/management/registries/scoped-tokens.test.ts',
  'server/src/management/identities/managed-identities.test.ts',
  'server/src/management/registries/credentials.test.ts',
  'server/src/management/registries/import-image.test.ts',
  'server/src/management/roles/decisions.test.ts',
  'server/src/management/server/audit-webhooks.test.ts',
  'test/structure/modules.test.ts',
  'server/src/platform/http/body-rate.test.ts',
  'server/src/platform/http/listener.test.ts',
  'server/src/platform/keys/password-hash.test.ts',
  'server/src/platform/limits/sender-budget.test.ts',
  'server/src/platform/log/log-output.test.ts',
  'server/src/platform/metrics/health.test.ts',
  // They start a PostgreSQL of their own.
  'server/src/platform/sql/postgres-*.test.ts',
  'server/src/platform/sql/sqlite-database.test.ts',
  'server/src/registry/deletion/deletion.test.ts',
  'server/src/registry/garbage/*.test.ts',
  'server/src/registry/interleavings.test.ts',
  'server/src/registry/manifests/manifests.test.ts',
  'server/src/registry/repositories/locks.test.ts',
  'server/src/registry/uploads/unfinished-uploads.test.ts',
  'server/src/relocation/sync-table.test.ts',
  'server/src/sign-in/**/*.test.ts',
  'shared/src/standards/conditions/role-condition.test.ts',
  // They start an object server.
  'server/src/storage/azure-blob/azure-blob-objects.test.ts',
  'server/src/storage/s3/s3-objects.test.ts',
  'server/src/token-service/endpoint/exchange-federated.test.ts',
  'server/src/token-service/endpoint/token.test.ts',
  'server/src/token-service/surface.test.ts',
]

/** How many files share a process: enough to share most imports, and few enough to keep little open at once. */
const filesPerProcess = { short: 14, slow: 3 }

/** @param {string} file From the root of the repository. */
function isShared(file) {
  return /^(server|cli|portal)\/src\//.test(file) && !isLongest(file)
}

/** @param {string} file From the root of the repository. */
function isSlow(file) {
  return slow.some((pattern) => matchesGlob(file, pattern))
}

/**
 * The tests of a group wait until all its files are imported: whenever all known tests have ended, `node:test` runs the `after`
 * hooks of the files so far, also of those whose tests are still to come.
 */
const beginning = `import { before } from 'node:test'
const imported = Promise.withResolvers()
before(() => imported.promise)
try {
`
const end = `} finally {
  imported.resolve()
}
`

/**
 * Writes files that each import so many test files, and returns their paths.
 *
 * @param {readonly string[]} files From the root of the repository.
 * @param {number} size
 * @param {string} name The begin of the names of the files, with the directory.
 */
function writeGroups(files, size, name) {
  /** @type {string[]} */
  const groups = []
  for (let start = 0; start < files.length; start += size) {
    const imports = files.slice(start, start + size).map((file) => {
      return `await import('${pathToFileURL(resolve(file)).href}')\n`
    })
    const path = `${name}-${groups.length + 1}.test.mjs`
    writeFileSync(path, `${beginning}${imports.join('')}${end}`)
    groups.push(path)
  }
  return groups
}

/**
 * Writes files that each import some of the test files beside the code, which then run in one process: the import of the
 * server takes much of their time. Returns the groups of short files, the groups of slow files, and the files that run in
 * processes of their own: the longest, and the black-box tests.
 *
 * @param {readonly string[]} files From the root of the repository.
 * @param {string} directory
 */
export function groupFiles(files, directory) {
  const { slowFiles = [], shortFiles = [] } = Object.groupBy(files.filter(isShared).sort(), (file) => {
    return isSlow(file) ? 'slowFiles' : 'shortFiles'
  })
  return {
    groups: writeGroups(shortFiles, filesPerProcess.short, join(directory, 'group')),
    slowGroups: writeGroups(slowFiles, filesPerProcess.slow, join(directory, 'slow-group')),
    alone: files.filter((file) => !isShared(file)),
  }
}
