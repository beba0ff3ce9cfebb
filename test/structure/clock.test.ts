import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const repository = path.resolve(import.meta.dirname, '../..')

/**
 * What reads the time of day without the clock that a test can move. `performance.now()` is not among them: it measures
 * durations, and no stored or signed time can be compared with it.
 */
const readings =
  /\bDate\.now\b|\bnew Date\(\s*\)|(?<![\w.])Date\(\s*\)|\bsystemClock\b|\bTemporal\.Now\b|\bclock_timestamp\(|\bcurrent_timestamp\b|\bnow\(\)\s*(?:at time zone|[-+]\s*interval)|\bunixepoch\(|\bdatetime\('now'/gi

/**
 * The files of the server that read the machine's clock, and why they must. All other files get the clock from their caller:
 * a comparison with a stored or signed time that reads the machine's clock would not follow a clock that is steered.
 */
// prettier-ignore
const readers: Readonly<Record<string, string>> = {
  'server/src/platform/process/clock.ts':                'the clock of the machine',
  'server/src/platform/process/shared-clock.ts':         'a steered clock is ahead of the clock of the machine',
  'server/src/main.ts':                                 'the default clock of a server',
  'server/src/compose/compose.ts':                       'the default clock of a server',
  'server/src/compose/workers/reading-thread.ts':        'the default clock of a thread, and its certificates',
  'server/src/compose/emulate.ts':                      'the certificate authority, which clients verify by their own clocks',
  'server/src/emulator/authority/authority.ts':         'certificates, which clients verify by their own clocks',
  'server/src/emulator/state/run-folder.ts':            'how old the folder of a process that was killed is',
  'server/src/emulator/clock/steered-clock.ts':          'the machine that the clock is steered against',
  'server/src/platform/log/log.ts':                      'log',
  'server/src/platform/log/log-output.ts':               'log',
  'server/src/platform/http/app.ts':                     'ids of requests, which only have to rise',
  'server/src/platform/http/raw-surface.ts':             'ids of requests, which only have to rise',
  'server/src/platform/http/reject-request.ts':          'ids of requests, which only have to rise',
  'server/src/platform/leases/postgres-lease.ts':        'leases',
  'server/src/platform/jobs/processes.ts':               'heartbeats of processes',
  'server/src/platform/sql/database-time.ts':            'the clock that several servers on one database share',
  'server/src/platform/sql/postgres-raw-database.ts':    'when a migration was applied',
  'server/src/platform/acme/signed-requests.ts':         'how long the provider of certificates asks to wait',
  'server/src/issuers/upstream/client.ts':               'the library compares with the machine, and is told the difference',
  'server/src/storage/azure-blob/sign-url.ts':           'signatures that the object store verifies',
  'server/src/storage/objects/object-blob-store.ts':     'signatures that the object store verifies; the default clock',
  'server/src/storage/s3/s3-objects.ts':                 'signatures that the object store verifies',
  'server/src/storage/filesystem/filesystem-blob-store.ts': 'the default clock',
  'server/src/storage/memory/memory-blob-store.ts':      'the default clock',
  'server/src/installation/relocation-state.ts':         'the name of a file',
  'server/src/operations/owners/owner-reset.ts':         'a command on a data directory without a server',
  'server/src/operations/scrub/scrub-data-dir.ts':       'a command on a data directory without a server',
  'server/src/operations/backup/back-up.ts':             'a command on a data directory without a server',
  'server/src/operations/backup/create.ts':              'when a backup was taken',
  'server/src/operations/backup/restore.ts':             'a command on a data directory without a server',
  'server/src/operations/keys/master-key.ts':            'a command on a data directory without a server',
  'server/src/operations/relocation/places.ts':          'a command on a data directory without a server',
  'server/src/operations/relocation/relocate-data-dir.ts': 'a command on a data directory without a server',
  'server/src/operations/relocation/switch-over.ts':     'a command on a data directory without a server',
}

function filesOf(folder: string): string[] {
  return readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|-contract\.ts$/.test(file))
    .map((file) => `${folder}/${file.replaceAll(path.sep, '/')}`)
}

/** The code without its comments, line by line. */
function codeOf(file: string): string {
  const text = readFileSync(path.join(repository, file), 'utf8')
  return text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(?<=^|\s)\/\/.*$/gm, '')
}

test('only the files that have a reason read the clock of the machine', () => {
  const found = [...filesOf('server/src'), ...filesOf('shared/src')].flatMap((file) => {
    const [first] = codeOf(file).match(readings) ?? []
    return first === undefined ? [] : [{ file, first }]
  })
  const unlisted = found.filter(({ file }) => !(file in readers)).map(({ file, first }) => `${file}: ${first}`)
  assert.deepEqual(unlisted, [], 'take the time from the clock of the context')
  const files = new Set(found.map(({ file }) => file))
  assert.deepEqual(
    Object.keys(readers).filter((file) => !files.has(file)),
    [],
    'these rows are not needed any more',
  )
})
