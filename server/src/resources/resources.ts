import { randomBytes } from 'node:crypto'
import type { Clock } from '../platform/process/clock.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { type LoginServer, parseLoginServer, withoutDefaultPort } from '../standards/azure/login-server.ts'
import { parseRegistryName } from '../standards/azure/registry-name.ts'
import { type AdminPasswords, createAdminAccount } from './admin-account.ts'
import { NameTakenError } from './errors.ts'
import { changedProperties, newProperties, readProperties, toRegistry as registryOf } from './registry-document.ts'
import { type RegistryRow, type ResourceGroupRow, type SubscriptionRow, createResourcesStore } from './store.ts'
import type {
  Compatibility,
  Registry,
  ResourceGroup,
  Subscription,
  ChangeAuthor,
  MovedRegistry,
  RegistryChange,
} from './model.ts'

/**
 * The ARM tree: subscription, resource group, registry. Names and ids are compared without regard to case. Writes take
 * the caller's transaction and say themselves when they change authority.
 */
export interface Resources extends AdminPasswords {
  listSubscriptions(): Promise<Subscription[]>
  findSubscription(subscriptionId: string): Promise<Subscription | undefined>
  createSubscription(transaction: Transaction, subscription: Subscription): Promise<void>

  listResourceGroups(subscriptionId: string): Promise<ResourceGroup[]>
  /** With a transaction, what that sees. */
  findResourceGroup(subscriptionId: string, name: string, transaction?: Transaction): Promise<ResourceGroup | undefined>
  /** Makes the group, or replaces the tags of the one that is there; its location never changes. */
  putResourceGroup(
    transaction: Transaction,
    group: ResourceGroup,
  ): Promise<{ readonly group: ResourceGroup; readonly created: boolean }>
  /** Deletes the group and every registry in it, and returns those. */
  deleteResourceGroup(transaction: Transaction, subscriptionId: string, name: string): Promise<Registry[]>

  listRegistries(subscriptionId: string, resourceGroup?: string): Promise<Registry[]>
  /** With a transaction, what that sees. */
  findRegistry(
    subscriptionId: string,
    resourceGroup: string,
    name: string,
    transaction?: Transaction,
  ): Promise<Registry | undefined>
  /** Registry names are unique in the whole server. */
  findRegistryByName(name: string): Promise<Registry | undefined>
  /** For the hot path: remembered as long as `Database.authorityRevision` stands. `host` is the raw header. */
  findRegistryByHost(host: string | undefined): Registry | undefined | Promise<Registry | undefined>
  findRegistryByRid(rid: string): Registry | undefined | Promise<Registry | undefined>
  /**
   * Makes a registry with both admin passwords and the admin account off. `loginServer` defaults to
   * `<lower-case name><suffix>`. The caller sees to it that the group is there.
   *
   * @throws NameTakenError when another registry of the server has the name or the login server.
   */
  createRegistry(
    transaction: Transaction,
    registry: {
      readonly subscriptionId: string
      readonly resourceGroup: string
      readonly name: string
      readonly location: string
      readonly loginServer?: LoginServer
      readonly change: RegistryChange
      readonly author: ChangeAuthor
    },
  ): Promise<Registry>
  updateRegistry(transaction: Transaction, rid: string, change: RegistryChange, author: ChangeAuthor): Promise<Registry>
  deleteRegistry(transaction: Transaction, rid: string): Promise<void>
  /**
   * Gives every registry the login server that the settings say: that of the first start the public host, others their name
   * and the suffix. Gives those that had another one until now.
   *
   * @throws NameTakenError when two would have the same.
   */
  moveRegistries(transaction: Transaction, publicHost: LoginServer): Promise<readonly MovedRegistry[]>
  /** The login server that a registry of this name would get. */
  loginServerFor(name: string): LoginServer
}

export type ResourcesOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  /** What follows a registry's name in its login server, as `.azurecr.localhost:5443`. */
  readonly suffix: string
  /** The port that clients leave out of a host: 443, unless they come by plain HTTP. */
  readonly defaultPort?: number
  /** Of the registries that have no setting of their own; `oci` where nothing is said. */
  readonly compatibility?: Compatibility
}

/** Opens the resources room. */
export function createResources(options: ResourcesOptions): Resources {
  const { database, clock, sealer, suffix, defaultPort = 443, compatibility = 'oci' } = options
  const store = createResourcesStore(database)
  const { createPasswords, ...adminAccount } = createAdminAccount(store, sealer)

  const loginServerFor = (name: string): LoginServer => {
    const loginServer = parseLoginServer(`${name}${suffix}`)
    if (loginServer === undefined) throw new Error(`"${name}${suffix}" is no login server`)
    return loginServer
  }

  // Rows may still have the port that is left out of a login server since.
  const toRegistry = (row: RegistryRow): Registry =>
    registryOf({ ...row, login_server: withoutDefaultPort(row.login_server, defaultPort) }, compatibility)

  /** The name in a host that consists of a name and the suffix: `az` guesses that host where it may not read the registry. */
  function nameAt(loginServer: LoginServer): string | undefined {
    const name = parseRegistryName(loginServer.split('.')[0] ?? '')
    const isThere =
      name !== undefined &&
      withoutDefaultPort(loginServerFor(name), defaultPort) === withoutDefaultPort(loginServer, defaultPort)
    return isThere ? name : undefined
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
    ...adminAccount,
    loginServerFor,
    findRegistryByHost: rememberByHost(database, loginServerFor, async (host) => {
      const loginServer = parseLoginServer(host)
      if (loginServer === undefined) return undefined
      const row =
        (await store.registryByLoginServer({ loginServer })) ??
        (await store.registryByLoginServer({ loginServer: withOtherPort(loginServer, defaultPort) })) ??
        (await store.registryByName(undefined, nameAt(loginServer) ?? ''))
      return row === undefined ? undefined : toRegistry(row)
    }),

    listSubscriptions: async () => (await store.subscriptions()).map(toSubscription),
    findSubscription: async (subscriptionId) => {
      const row = await store.subscription(subscriptionId.toLowerCase())
      return row === undefined ? undefined : toSubscription(row)
    },
    createSubscription: async (transaction, { subscriptionId, tenantId, displayName }) => {
      const row = { subscription_id: subscriptionId.toLowerCase(), tenant_id: tenantId, display_name: displayName }
      await store.insertSubscription(transaction, row)
    },

    listResourceGroups: async (subscriptionId) => (await store.groups(subscriptionId.toLowerCase())).map(toGroup),
    findResourceGroup: async (subscriptionId, name, transaction) => {
      const row = await store.group(transaction, subscriptionId.toLowerCase(), name.toLowerCase())
      return row === undefined ? undefined : toGroup(row)
    },
    putResourceGroup: async (transaction, group) => {
      const row = toGroupRow(group)
      const present = await store.group(transaction, row.subscription_id, row.name_key)
      if (present === undefined) await store.insertGroup(transaction, row)
      else await store.updateGroupTags(transaction, row)
      return {
        group: toGroup(present === undefined ? row : { ...present, tags: row.tags }),
        created: present === undefined,
      }
    },
    deleteResourceGroup: async (transaction, subscriptionId, name) => {
      const rows = await store.registries(transaction, subscriptionId.toLowerCase(), name.toLowerCase())
      for (const row of rows) await deleteRegistry(transaction, row.rid)
      transaction.changesAuthority()
      await store.deleteGroup(transaction, subscriptionId.toLowerCase(), name.toLowerCase())
      return rows.map(toRegistry)
    },

    listRegistries: async (subscriptionId, resourceGroup) => {
      const rows = await store.registries(undefined, subscriptionId.toLowerCase(), resourceGroup?.toLowerCase())
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
      // One may get the login server that another has until now.
      for (const { row } of moved) await store.moveRegistry(transaction, row.rid, row.rid)
      for (const { row, loginServer } of moved) {
        if (await store.moveRegistry(transaction, row.rid, loginServer)) continue
        throw new NameTakenError(`two registries would have the login server ${loginServer}`)
      }
      return moved.map(({ row, loginServer }) => ({ before: toRegistry(row), loginServer }))
    },
  }
}

/**
 * Remembers whose host is whose, as long as no authority changes. Hosts of nobody, and other spellings of a login server
 * than its own, are not remembered: a stranger can invent any number of either.
 */
function rememberByHost(
  database: Database,
  loginServerFor: (name: string) => LoginServer,
  find: (host: string) => Promise<Registry | undefined>,
): Resources['findRegistryByHost'] {
  let revision = 0
  const remembered = new Map<string, Registry>()
  /** The one that was asked for last, who is mostly asked for next: a map is slow for a text that was not seen before. */
  let latest: { readonly host: string; readonly registry: Registry } | undefined

  async function lookUp(host: string, lookedUpAt: number): Promise<Registry | undefined> {
    const registry = await find(host)
    const isOwn = registry !== undefined && (registry.loginServer === host || loginServerFor(registry.name) === host)
    if (isOwn && lookedUpAt === revision) remembered.set(host, registry)
    return registry
  }

  function findAt(current: number, host: string): Registry | undefined | Promise<Registry | undefined> {
    if (current !== revision) {
      remembered.clear()
      latest = undefined
      revision = current
    }
    if (latest?.host === host) return latest.registry
    const registry = remembered.get(host)
    if (registry === undefined) return lookUp(host, current)
    latest = { host, registry }
    return registry
  }

  return (host) => {
    if (host === undefined) return undefined
    const current = database.authorityRevision()
    return typeof current === 'number' ? findAt(current, host) : current.then((number) => findAt(number, host))
  }
}

/** The other way to write the same authority: with the default port, or without it; any other port has one way only. */
function withOtherPort(loginServer: LoginServer, defaultPort: number): string {
  const [port] = /:[0-9]+$/.exec(loginServer) ?? []
  if (port === undefined) return `${loginServer}:${defaultPort}`
  return port === `:${defaultPort}` ? loginServer.slice(0, -port.length) : loginServer
}

function toSubscription(row: SubscriptionRow): Subscription {
  return { subscriptionId: row.subscription_id, tenantId: row.tenant_id, displayName: row.display_name }
}

function toGroup(row: ResourceGroupRow): ResourceGroup {
  const tags = JSON.parse(row.tags) as Record<string, string>
  return { subscriptionId: row.subscription_id, name: row.name, location: row.location, tags }
}

function toGroupRow({ subscriptionId, name, location, tags }: ResourceGroup): ResourceGroupRow {
  return {
    subscription_id: subscriptionId.toLowerCase(),
    name_key: name.toLowerCase(),
    name,
    location,
    tags: JSON.stringify(tags),
  }
}
