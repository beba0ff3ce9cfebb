import { text } from 'node:stream/consumers'
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry'
import { ClientSecretCredential } from '@azure/identity'

/** What the program is to do with registries, scoped tokens and scope maps, as JSON on stdin. Its answer is JSON on stdout. */
export interface ArmTask {
  scenario: keyof typeof scenarios
  endpoint: string
  subscriptionId: string
  resourceGroup: string
  registry: string
  credential: { tenantId: string; clientId: string; clientSecret: string }
  /** The scopes of the requested tokens; undefined for the default of the SDK. */
  scopes?: string[] | undefined
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

function operationsOf({ endpoint, subscriptionId, resourceGroup, registry, credential, scopes }: ArmTask) {
  const { tenantId, clientId, clientSecret } = credential
  const options = { authorityHost: endpoint, disableInstanceDiscovery: true }
  const client = new ContainerRegistryManagementClient(
    new ClientSecretCredential(tenantId, clientId, clientSecret, options),
    subscriptionId,
    {
      endpoint,
      ...(scopes !== undefined && { credentials: { scopes } }),
      retryOptions: { maxRetries: 0 },
    },
  )
  return { client, at: [resourceGroup, registry] as const }
}

async function create(task: ArmTask): Promise<unknown> {
  const { client, at } = operationsOf(task)
  const actions = ['repositories/team/*/content/read', 'repositories/team/app/content/write']
  const map = await client.scopeMaps.create(...at, 'builders', { description: 'who builds', actions })
  const token = await client.tokens.create(...at, 'nightly', { scopeMapId: map.id ?? '', status: 'enabled' })
  const credentials = await client.registries.generateCredentials(...at, {
    tokenId: token.id ?? '',
    expiry: new Date('2100-12-31T12:59:59Z'),
  })
  const shown = await client.tokens.get(...at, 'nightly')
  return { map, token, credentials, shown }
}

async function list(task: ArmTask): Promise<unknown> {
  const { client, at } = operationsOf(task)
  return {
    maps: (await all(client.scopeMaps.list(...at))).map(({ name }) => name),
    tokens: (await all(client.tokens.list(...at))).map(({ name }) => name),
    usages: (await client.registries.listUsages(...at)).value,
  }
}

async function change(task: ArmTask): Promise<unknown> {
  const { client, at } = operationsOf(task)
  const map = await client.scopeMaps.update(...at, 'builders', { actions: ['repositories/team/app/content/read'] })
  const disabled = await client.tokens.update(...at, 'nightly', { status: 'disabled' })
  const kept = await client.tokens.update(...at, 'nightly', {
    status: 'enabled',
    credentials: { passwords: [{ name: 'password2' }] },
  })
  return { map, disabled, kept }
}

async function remove(task: ArmTask): Promise<unknown> {
  const { client, at } = operationsOf(task)
  const inUse = await client.scopeMaps.delete(...at, 'builders').then(
    () => undefined,
    (error: unknown) => error,
  )
  await client.tokens.delete(...at, 'nightly')
  await client.scopeMaps.delete(...at, 'builders')
  await client.tokens.delete(...at, 'nightly')
  const gone = await client.tokens.get(...at, 'nightly').then(
    () => undefined,
    (error: unknown) => error,
  )
  return { inUse, gone }
}

const further = 'sdkregistry'

async function makeRegistry(task: ArmTask): Promise<unknown> {
  const { client } = operationsOf(task)
  const check = () =>
    client.registries.checkNameAvailability({ name: further, type: 'Microsoft.ContainerRegistry/registries' })
  const before = await check()
  const body = { location: 'local', sku: { name: 'Premium' }, adminUserEnabled: true }
  const made = await client.registries.create(task.resourceGroup, further, body)
  const after = await check()
  const updated = await client.registries.update(task.resourceGroup, further, {
    tags: { made: 'by the SDK' },
    publicNetworkAccess: 'Enabled',
    networkRuleSet: {
      defaultAction: 'Deny',
      ipRules: [{ action: 'Allow', iPAddressOrRange: '203.0.113.0/24' }],
    },
    policies: { retentionPolicy: { status: 'enabled', days: 30 } },
  })
  const names = (await all(client.registries.list())).map(({ name }) => name)
  const inGroup = (await all(client.registries.listByResourceGroup(task.resourceGroup))).map(({ name }) => name)
  const shown = await client.registries.listCredentials(task.resourceGroup, further)
  const renewed = await client.registries.regenerateCredential(task.resourceGroup, further, { name: 'password2' })
  return { before, made, after, updated, names, inGroup, shown, renewed }
}

async function importImage(task: ArmTask): Promise<unknown> {
  const { client, at } = operationsOf(task)
  const source = await client.registries.get(...at)
  const wanted = (tag: string) => ({
    source: { resourceId: source.id ?? '', sourceImage: 'team/app:v1' },
    targetTags: [tag],
    mode: 'NoForce' as const,
  })
  await client.registries.importImage(task.resourceGroup, further, wanted('copied/app:v1'), { updateIntervalInMs: 100 })
  const again = await Promise.resolve(
    client.registries.importImage(task.resourceGroup, further, wanted('copied/app:v1'), { updateIntervalInMs: 100 }),
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
  const { value } = await client.registries.listUsages(task.resourceGroup, further)
  return { again, usages: value }
}

async function removeRegistry(task: ArmTask): Promise<unknown> {
  const { client } = operationsOf(task)
  await client.registries.delete(task.resourceGroup, further)
  return (await all(client.registries.list())).map(({ name }) => name)
}

const scenarios = { create, list, change, remove, makeRegistry, importImage, removeRegistry }

if (import.meta.main) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that starts this program writes its stdin
  const task = JSON.parse(await text(process.stdin)) as ArmTask
  process.stdout.write(JSON.stringify(await scenarios[task.scenario](task)))
}
