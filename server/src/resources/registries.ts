import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../platform/memory/max-entries.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Author } from '@acrux/shared/standards/azure/author.ts'
import { type LoginServer, parseLoginServer, withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import { NameTakenError } from './errors.ts'
import { cacheByHost, type FindByHost } from './host-cache.ts'
import { type LoginServerSettings, loginServerFor, nameAtHost, withOtherPort } from './login-servers.ts'
import type { Compatibility, MovedRegistry, Registry, RegistryChange } from './model.ts'
import { changedProperties, newProperties, readProperties, toRegistry as registryOf } from './registry-document.ts'
import type { LoginServerView } from './requested-login-servers.ts'
import type { ResourcesStore } from './resources-store.ts'
import type { RegistryRow } from './rows.ts'

/** A new registry. `loginServer` defaults to `<lower-case name><suffix>`. */
export type NewRegistry = {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly name: string
  readonly location: string
  readonly loginServer?: LoginServer
  readonly change: RegistryChange
  readonly author: Author
}

/** The registries of the ARM tree. Names and hosts are unique in the whole server, and are compared case-insensitively. */
export interface Registries {
  /** Lists registries by name. With a transaction, the function reads the state inside the transaction. */
  listRegistries(subscriptionId: string, resourceGroup?: string, transaction?: Transaction): Promise<Registry[]>
  /** Finds a registry. With a transaction, the function reads the state inside the transaction. */
  findRegistry(
    subscriptionId: string,
    resourceGroup: string,
    name: string,
    transaction?: Transaction,
  ): Promise<Registry | undefined>
  findRegistryByName(name: string): Promise<Registry | undefined>
  /** Finds a registry for an unparsed `Host` header. The result is cached until authority changes. */
  findRegistryByHost: FindByHost
  findRegistryByRid(rid: string): Promise<Registry | undefined>
  /**
   * Creates a registry with both admin passwords and a disabled admin account. The caller ensures that the group exists.
   *
   * @throws NameTakenError if another registry of the server has the name or the login server
   */
  createRegistry(transaction: Transaction, registry: NewRegistry): Promise<Registry>
  updateRegistry(transaction: Transaction, rid: string, change: RegistryChange, author: Author): Promise<Registry>
  deleteRegistry(transaction: Transaction, rid: string): Promise<void>
  /**
   * Changes the login servers of registries to the current settings. The registry of the first start gets the public host, and each other
   * registry gets its name with the suffix. Returns the changed registries.
   *
   * @throws NameTakenError if two would have the same login server
   */
  moveRegistries(transaction: Transaction, publicHost: LoginServer): Promise<readonly MovedRegistry[]>
  /** The login server of a registry that has this name. */
  loginServerFor(name: string): LoginServer
}

/** The settings of the registries. */
export type RegistriesOptions = {
  readonly database: Database
  readonly clock: Clock
  /** See {@link LoginServerSettings}. */
  readonly suffix: string
  readonly defaultPort?: number
  /** Converts stored login servers for clients. By default, clients get the stored login servers. */
  readonly view?: LoginServerView | undefined
  /** The compatibility of registries without an own setting. The default is `oci`. */
  readonly compatibility?: Compatibility
}

type CreatePasswords = (transaction: Transaction, rid: string) => Promise<void>

type RegistriesContext = {
  readonly settings: LoginServerSettings
  readonly store: ResourcesStore
  readonly clock: Clock
  readonly toRegistry: (row: RegistryRow) => Registry
  readonly view: LoginServerView
}

/** Creates the registries. `createPasswords` creates the admin passwords of a new registry. */
export function createRegistries(
  options: RegistriesOptions,
  store: ResourcesStore,
  createPasswords: CreatePasswords,
): Registries {
  const { clock, suffix, defaultPort = 443, compatibility = 'oci', view = asStored } = options
  const settings = { suffix, defaultPort }
  const convert = sharedConversion((row) =>
    // Rows of older versions can contain the default port.
    registryOf({ ...row, login_server: withoutDefaultPort(row.login_server, defaultPort) }, compatibility),
  )
  const toRegistry = (row: RegistryRow): Registry => {
    const registry = convert(row)
    const loginServer = view.shown(registry.loginServer)
    return loginServer === registry.loginServer ? registry : { ...registry, loginServer }
  }
  const context: RegistriesContext = { settings, store, clock, toRegistry, view }
  const isHostOf = (host: string, { loginServer, name }: Registry) =>
    loginServer === host || loginServerFor(settings, name) === host
  return {
    ...registryReads(context),
    findRegistryByHost: cacheByHost(options.database, isHostOf, (host) => findByHost(context, host)),
    createRegistry: (transaction, registry) => createRegistry(context, createPasswords, transaction, registry),
    updateRegistry: (transaction, rid, change, author) => updateRegistry(context, transaction, rid, { change, author }),
    deleteRegistry: async (transaction, rid) => {
      transaction.changesAuthority()
      await store.deleteRegistry(transaction, rid)
    },
    moveRegistries: (transaction, publicHost) => moveRegistries(context, transaction, publicHost),
  }
}

const asStored: LoginServerView = { shown: (stored) => stored, stored: (requested) => requested }

/** The maximum number of converted rows in the cache, which take 4 MB. */
const maxConverted = 1000

/**
 * Creates a conversion that returns the same object for the same row. Each session keeps its registry, and separate copies took 25 MB for
 * 10,000 sessions.
 */
function sharedConversion(convert: (row: RegistryRow) => Registry): (row: RegistryRow) => Registry {
  const latest = new LRUCache<string, { readonly row: RegistryRow; readonly registry: Registry }>(
    maxEntries(maxConverted),
  )
  return (row) => {
    const known = latest.get(row.rid)
    if (known !== undefined && isDeepStrictEqual(known.row, row)) return known.registry
    const registry = convert(row)
    latest.set(row.rid, { row, registry })
    return registry
  }
}

function registryReads({ settings, store, toRegistry, view }: RegistriesContext) {
  const ofRow = (row: RegistryRow | undefined) => (row === undefined ? undefined : toRegistry(row))
  return {
    loginServerFor: (name) => view.shown(withoutDefaultPort(loginServerFor(settings, name), settings.defaultPort)),
    listRegistries: async (subscriptionId, resourceGroup, transaction) => {
      const rows = await store.registries(transaction, subscriptionId.toLowerCase(), resourceGroup?.toLowerCase())
      return rows.map(toRegistry)
    },
    findRegistry: async (subscriptionId, resourceGroup, name, transaction) => {
      const row = await store.registryByName(transaction, name.toLowerCase())
      const isThere =
        row?.subscription_id === subscriptionId.toLowerCase() && row.resource_group_key === resourceGroup.toLowerCase()
      return isThere ? ofRow(row) : undefined
    },
    findRegistryByName: async (name) => ofRow(await store.registryByName(undefined, name.toLowerCase())),
    findRegistryByRid: async (rid) => ofRow(await store.registryByRid({ rid })),
  } satisfies Partial<Registries>
}

async function findByHost({ settings, store, toRegistry, view }: RegistriesContext, host: string) {
  const requested = parseLoginServer(host)
  if (requested === undefined) return undefined
  const loginServer = view.stored(requested)
  const row =
    (await store.registryByLoginServer({ loginServer })) ??
    (await store.registryByLoginServer({ loginServer: withOtherPort(loginServer, settings.defaultPort) })) ??
    (await store.registryByName(undefined, nameAtHost(settings, loginServer) ?? ''))
  return row === undefined ? undefined : toRegistry(row)
}

async function createRegistry(
  { settings, store, clock, toRegistry }: RegistriesContext,
  createPasswords: CreatePasswords,
  transaction: Transaction,
  { subscriptionId, resourceGroup, name, location, loginServer, change, author }: NewRegistry,
): Promise<Registry> {
  transaction.changesAuthority()
  const row: RegistryRow = {
    rid: randomBytes(16).toString('hex'),
    subscription_id: subscriptionId.toLowerCase(),
    resource_group_key: resourceGroup.toLowerCase(),
    resource_group: resourceGroup,
    name_key: name.toLowerCase(),
    name,
    login_server: loginServer ?? loginServerFor(settings, name),
    has_public_host: loginServer === undefined ? 0 : 1,
    properties: JSON.stringify(newProperties(change, location, author, clock.now())),
  }
  if (!(await store.insertRegistry(transaction, row))) throw new NameTakenError(`the name ${name} is taken`)
  await createPasswords(transaction, row.rid)
  return toRegistry(row)
}

async function updateRegistry(
  { store, clock, toRegistry }: RegistriesContext,
  transaction: Transaction,
  rid: string,
  { change, author }: Pick<NewRegistry, 'change' | 'author'>,
): Promise<Registry> {
  transaction.changesAuthority()
  const row = await store.registryToChange(transaction, rid)
  if (row === undefined) throw new Error(`there is no registry ${rid}`)
  const properties = JSON.stringify(changedProperties(readProperties(row), change, author, clock.now()))
  await store.updateRegistry(transaction, rid, properties)
  return toRegistry({ ...row, properties })
}

async function moveRegistries(
  { settings, store, toRegistry }: RegistriesContext,
  transaction: Transaction,
  publicHost: LoginServer,
): Promise<readonly MovedRegistry[]> {
  const rows = await store.allRegistries(transaction)
  const moved = rows
    .map((row) => ({ row, loginServer: row.has_public_host === 1 ? publicHost : loginServerFor(settings, row.name) }))
    .filter(({ row, loginServer }) => loginServer !== withoutDefaultPort(row.login_server, settings.defaultPort))
  if (moved.length > 0) transaction.changesAuthority()
  // A registry can get the previous login server of another registry.
  for (const { row } of moved) await store.moveRegistry(transaction, row.rid, row.rid)
  for (const { row, loginServer } of moved) {
    if (await store.moveRegistry(transaction, row.rid, loginServer)) continue
    throw new NameTakenError(`two registries would have the login server ${loginServer}`)
  }
  return moved.map(({ row, loginServer }) => ({ before: toRegistry(row), loginServer }))
}
