import { randomBytes } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Author } from '../standards/azure/author.ts'
import { type LoginServer, parseLoginServer, withoutDefaultPort } from '../standards/azure/login-server.ts'
import { parseRegistryName } from '../standards/azure/registry-name.ts'
import { NameTakenError } from './errors.ts'
import { cacheByHost, type FindByHost } from './host-cache.ts'
import type { Compatibility, MovedRegistry, Registry, RegistryChange } from './model.ts'
import { changedProperties, newProperties, readProperties, toRegistry as registryOf } from './registry-document.ts'
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

/** The registries of the ARM tree. Names and hosts are unique in the whole server, and compared case-insensitively. */
export interface Registries {
  /** Lists registries by name. With a transaction, as the transaction sees it. */
  listRegistries(subscriptionId: string, resourceGroup?: string, transaction?: Transaction): Promise<Registry[]>
  /** With a transaction, as the transaction sees it. */
  findRegistry(
    subscriptionId: string,
    resourceGroup: string,
    name: string,
    transaction?: Transaction,
  ): Promise<Registry | undefined>
  findRegistryByName(name: string): Promise<Registry | undefined>
  /** Finds a registry by a raw `Host` header. Cached until authority changes. */
  findRegistryByHost: FindByHost
  findRegistryByRid(rid: string): Registry | undefined | Promise<Registry | undefined>
  /**
   * Creates a registry with both admin passwords and a disabled admin account. The caller ensures that the group exists.
   *
   * @throws NameTakenError if another registry of the server has the name or the login server
   */
  createRegistry(transaction: Transaction, registry: NewRegistry): Promise<Registry>
  updateRegistry(transaction: Transaction, rid: string, change: RegistryChange, author: Author): Promise<Registry>
  deleteRegistry(transaction: Transaction, rid: string): Promise<void>
  /**
   * Moves registries to the login servers of the current settings: the registry of the first start to the public host, others
   * to their name and the suffix. Returns those that moved.
   *
   * @throws NameTakenError if two would have the same login server
   */
  moveRegistries(transaction: Transaction, publicHost: LoginServer): Promise<readonly MovedRegistry[]>
  /** The login server of a registry with this name. */
  loginServerFor(name: string): LoginServer
}

/** The settings of login servers. */
export type RegistriesOptions = {
  readonly database: Database
  readonly clock: Clock
  /** The part of a login server after the name, such as `.azurecr.localhost:5443`. */
  readonly suffix: string
  /** The port that clients omit from a host: 443, except for plain HTTP. */
  readonly defaultPort?: number
  /** The compatibility of registries without an own setting. The default is `oci`. */
  readonly compatibility?: Compatibility
}

type CreatePasswords = (transaction: Transaction, rid: string) => Promise<void>

/** Creates the registries. `createPasswords` creates the admin passwords of a new one. */
export function createRegistries(
  options: RegistriesOptions,
  store: ResourcesStore,
  createPasswords: CreatePasswords,
): Registries {
  const { database, clock, suffix, defaultPort = 443, compatibility = 'oci' } = options

  const loginServerFor = (name: string): LoginServer => {
    const loginServer = parseLoginServer(`${name}${suffix}`)
    if (loginServer === undefined) throw new Error(`"${name}${suffix}" is not a login server`)
    return loginServer
  }

  // Rows of older versions can contain the default port.
  const toRegistry = (row: RegistryRow): Registry =>
    registryOf({ ...row, login_server: withoutDefaultPort(row.login_server, defaultPort) }, compatibility)

  /** The name in a host of the form name and suffix, which `az` guesses if it may not read the registry. */
  function nameAt(loginServer: LoginServer): string | undefined {
    const name = parseRegistryName(loginServer.split('.')[0] ?? '')
    const isGuess =
      name !== undefined &&
      withoutDefaultPort(loginServerFor(name), defaultPort) === withoutDefaultPort(loginServer, defaultPort)
    return isGuess ? name : undefined
  }

  async function registryToChange(transaction: Transaction, rid: string): Promise<RegistryRow> {
    const row = await store.registryToChange(transaction, rid)
    if (row === undefined) throw new Error(`there is no registry ${rid}`)
    return row
  }

  async function deleteRegistry(transaction: Transaction, rid: string): Promise<void> {
    transaction.changesAuthority()
    await store.deleteRegistry(transaction, rid)
  }

  return {
    loginServerFor,
    findRegistryByHost: cacheByHost(database, loginServerFor, async (host) => {
      const loginServer = parseLoginServer(host)
      if (loginServer === undefined) return undefined
      const row =
        (await store.registryByLoginServer({ loginServer })) ??
        (await store.registryByLoginServer({ loginServer: withOtherPort(loginServer, defaultPort) })) ??
        (await store.registryByName(undefined, nameAt(loginServer) ?? ''))
      return row === undefined ? undefined : toRegistry(row)
    }),

    listRegistries: async (subscriptionId, resourceGroup, transaction) => {
      const rows = await store.registries(transaction, subscriptionId.toLowerCase(), resourceGroup?.toLowerCase())
      return rows.map(toRegistry)
    },
    findRegistry: async (subscriptionId, resourceGroup, name, transaction) => {
      const row = await store.registryByName(transaction, name.toLowerCase())
      const here =
        row?.subscription_id === subscriptionId.toLowerCase() && row.resource_group_key === resourceGroup.toLowerCase()
      return row === undefined || !here ? undefined : toRegistry(row)
    },
    findRegistryByName: async (name) => {
      const row = await store.registryByName(undefined, name.toLowerCase())
      return row === undefined ? undefined : toRegistry(row)
    },
    findRegistryByRid: async (rid) => {
      const row = await store.registryByRid({ rid })
      return row === undefined ? undefined : toRegistry(row)
    },
    createRegistry: async (
      transaction,
      { subscriptionId, resourceGroup, name, location, loginServer, change, author },
    ) => {
      transaction.changesAuthority()
      const row: RegistryRow = {
        rid: randomBytes(16).toString('hex'),
        subscription_id: subscriptionId.toLowerCase(),
        resource_group_key: resourceGroup.toLowerCase(),
        resource_group: resourceGroup,
        name_key: name.toLowerCase(),
        name,
        login_server: loginServer ?? loginServerFor(name),
        has_public_host: loginServer === undefined ? 0 : 1,
        properties: JSON.stringify(newProperties(change, location, author, clock.now())),
      }
      if (!(await store.insertRegistry(transaction, row))) throw new NameTakenError(`the name ${name} is taken`)
      await createPasswords(transaction, row.rid)
      return toRegistry(row)
    },
    updateRegistry: async (transaction, rid, change, author) => {
      transaction.changesAuthority()
      const row = await registryToChange(transaction, rid)
      const properties = JSON.stringify(changedProperties(readProperties(row), change, author, clock.now()))
      await store.updateRegistry(transaction, rid, properties)
      return toRegistry({ ...row, properties })
    },
    deleteRegistry,
    moveRegistries: async (transaction, publicHost) => {
      const rows = await store.allRegistries(transaction)
      const moved = rows
        .map((row) => ({ row, loginServer: row.has_public_host === 1 ? publicHost : loginServerFor(row.name) }))
        .filter(({ row, loginServer }) => loginServer !== withoutDefaultPort(row.login_server, defaultPort))
      if (moved.length > 0) transaction.changesAuthority()
      // A registry can get the previous login server of another one.
      for (const { row } of moved) await store.moveRegistry(transaction, row.rid, row.rid)
      for (const { row, loginServer } of moved) {
        if (await store.moveRegistry(transaction, row.rid, loginServer)) continue
        throw new NameTakenError(`two registries would have the login server ${loginServer}`)
      }
      return moved.map(({ row, loginServer }) => ({ before: toRegistry(row), loginServer }))
    },
  }
}

/** The other spelling of the same authority: with or without the default port. Other ports have one spelling. */
function withOtherPort(loginServer: LoginServer, defaultPort: number): string {
  const [port] = /:[0-9]+$/.exec(loginServer) ?? []
  if (port === undefined) return `${loginServer}:${defaultPort}`
  return port === `:${defaultPort}` ? loginServer.slice(0, -port.length) : loginServer
}
