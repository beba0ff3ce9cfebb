import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadConfiguration } from '../../src/configuration/index.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import { createLog } from '../../src/platform/log/log.ts'
import { type Outbound, createOutbound } from '../../src/platform/outbound/outbound.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { createMemoryBlobStore } from '../../src/storage/index.ts'
import { publicOriginOf } from '../../src/compose/hosts/listened-hosts.ts'
import { createModules } from '../../src/compose/modules/modules.ts'
import { migrations } from '../../src/compose/state/migrations.ts'

/** Only the composition of a server provides the status of the server. */
const noStatus = () => Promise.reject(new Error('the test modules provide no server status'))

export type TestModulesOptions = {
  readonly kind?: DatabaseKind
  /** Settings that differ from the defaults, by their names in the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** The connections to other servers. By default, only connections to public addresses are allowed. */
  readonly outbound?: Outbound
  readonly onRegistriesChanged?: () => Promise<void>
}

/**
 * All modules, connected as in a server, with a test database and blobs in memory. The clock is frozen until a test changes `time.nowMs`.
 * The database contains no tenant and no subscription.
 */
export async function openTestModules(options: TestModulesOptions = {}) {
  const { kind = usualDatabaseKind, settings, onRegistriesChanged = () => Promise.resolve() } = options
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-test-modules-'))
  const { database, dispose } = await openTestDatabase(kind, migrations)
  const time = { nowMs: Date.parse('2026-11-24T12:00:00.120Z') }
  const logLines: string[] = []
  const configuration = await loadConfiguration({
    flags: { dataDir: directory, publicHost: 'acrux.example:5443', ...settings },
    env: {},
  })
  const basis = {
    database,
    clock: { now: () => time.nowMs },
    log: createLog('debug', { write: (line) => void logLines.push(line) }),
    sealer: await openSealer(path.join(directory, 'master.key')),
    blobs: createMemoryBlobStore({ clock: { now: () => time.nowMs } }),
    outbound: options.outbound ?? createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] }),
    publicOrigin: publicOriginOf(configuration),
  }
  const ports = {
    onRegistriesChanged,
    openApi: () => ({ openapi: '3.1.0' }),
    serverStatus: noStatus,
    hostCertificates: noStatus,
    backups: { status: noStatus, start: async () => 'no-directory' as const },
    startCollection: () => Promise.resolve(),
  }
  const modules = await createModules(basis, configuration, ports)
  const close = async () => {
    await modules.registry.close()
    await dispose()
    await rm(directory, { recursive: true })
  }
  return { ...basis, modules, configuration, time, logLines, close }
}
