import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../platform/http/api-schema.ts'
import type { ManagementCall } from './arm/context.ts'
import type { ManagementContext } from './context.ts'
import { ArmError } from './arm/errors.ts'
import type { CallerNeed } from './arm/need.ts'
import { listOf } from './arm/response.ts'
import { type ManagementRow, table } from './table.ts'

type Context = Pick<ManagementContext, 'access'>

/** An operation of a resource provider. [azure-mgmt-containerregistry, OperationDefinition; azure-mgmt-msi, Operation] */
const operationResponse = z
  .strictObject({
    name: z.string(),
    display: z.strictObject({
      provider: z.string(),
      resource: z.string(),
      operation: z.string(),
      description: z.string(),
    }),
    isDataAction: z.boolean().optional().describe('Only for Microsoft.ContainerRegistry.'),
  })
  .register(apiSchemas, { id: 'Operation' })
const operationListResponse = listOf(operationResponse)

const providerOperation = z.strictObject({
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  origin: z.literal('user,system'),
  isDataAction: z.boolean(),
})

/** The operations of a resource provider, by resource type. [azure-mgmt-authorization, ProviderOperationsMetadata] */
const providerOperationsResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal('Microsoft.Authorization/providerOperations'),
    displayName: z.string(),
    resourceTypes: z.array(
      z.strictObject({ name: z.string(), displayName: z.string(), operations: z.array(providerOperation) }),
    ),
    operations: z.array(providerOperation).describe('The operations of the resource provider.'),
  })
  .register(apiSchemas, { id: 'ProviderOperations' })
type ProviderOperationsDocument = DocumentOf<typeof providerOperationsResponse>
const providerOperationsListResponse = listOf(providerOperationsResponse)

type Operation = {
  readonly name: string
  readonly namespace: string
  readonly resource: string
  readonly description: string
  readonly operation: string
  readonly isDataAction: boolean
}

/** The routes that list the operations of the providers: what the given routes require, and what the built-in roles allow. */
export function operationRows(served: readonly ManagementRow[]): readonly ManagementRow[] {
  const required = served.flatMap(({ need }) => actionsOf(need))
  const listed = ['Microsoft.ContainerRegistry', 'Microsoft.ManagedIdentity'].flatMap((namespace) =>
    table([
      {
        id: `operations.list.${namespace}`,
        method: 'GET',
        path: `/providers/${namespace}/operations`,
        need: 'signed-in',
        cost: 'list',
        handle: listOperations(required, namespace),
      },
    ]),
  )
  const path = '/providers/Microsoft.Authorization/providerOperations'
  // prettier-ignore
  const byProvider = table([
    { id: 'providerOperations.list', method: 'GET', path,                  need: 'signed-in', cost: 'list', handle: listProviderOperations(required) },
    { id: 'providerOperations.get',  method: 'GET', path: `${path}/:name`, need: 'signed-in', cost: 'list', handle: getProviderOperations(required) },
  ])
  return [...listed, ...byProvider]
}

function actionsOf(need: CallerNeed): readonly string[] {
  if (need === 'signed-in') return []
  return [need.kind === 'signed-in' ? need.shows : need.action]
}

/** `GET /providers/{namespace}/operations` */
function listOperations(required: readonly string[], namespace: string) {
  const handle = async (context: Context): Promise<DocumentOf<typeof operationListResponse>> => {
    const operations = (await operationsOf(context, required)).filter((operation) => operation.namespace === namespace)
    return { value: operations.map(operationDocument) }
  }
  return Object.assign(handle, { response: operationListResponse })
}

function operationDocument({ name, namespace, resource, operation, description, isDataAction }: Operation) {
  const display = { provider: namespace, resource, operation, description }
  return { name, display, ...(namespace === 'Microsoft.ContainerRegistry' && { isDataAction }) }
}

/** `GET /providers/Microsoft.Authorization/providerOperations` */
function listProviderOperations(required: readonly string[]) {
  const handle = async (context: Context): Promise<DocumentOf<typeof providerOperationsListResponse>> => ({
    value: await providersOf(context, required),
  })
  return Object.assign(handle, { response: providerOperationsListResponse })
}

/** `GET /providers/Microsoft.Authorization/providerOperations/{namespace}` */
function getProviderOperations(required: readonly string[]) {
  const handle = async (context: Context, { names }: ManagementCall): Promise<ProviderOperationsDocument> => {
    const wanted = names.name.toLowerCase()
    const found = (await providersOf(context, required)).find(({ name }) => name.toLowerCase() === wanted)
    if (found !== undefined) return found
    throw new ArmError('namespaceNotFound', 'The resource namespace is not served by this server.')
  }
  return Object.assign(handle, { response: providerOperationsResponse })
}

async function providersOf(context: Context, required: readonly string[]): Promise<ProviderOperationsDocument[]> {
  const byNamespace = Map.groupBy(await operationsOf(context, required), ({ namespace }) => namespace)
  return [...byNamespace].map(([namespace, operations]) => {
    const byResource = Map.groupBy(operations, ({ resource }) => resource)
    const types = [...byResource].filter(([resource]) => resource !== '')
    return {
      id: `/providers/Microsoft.Authorization/providerOperations/${namespace}`,
      name: namespace,
      type: 'Microsoft.Authorization/providerOperations',
      displayName: namespace,
      resourceTypes: types.map(([name, found]) => ({ name, displayName: name, operations: found.map(metadataOf) })),
      operations: (byResource.get('') ?? []).map(metadataOf),
    }
  })
}

function metadataOf({ name, description, operation, isDataAction }: Operation) {
  return { name, displayName: operation, description, origin: 'user,system' as const, isDataAction }
}

/** Every operation once, by name. Patterns of roles are left out. */
async function operationsOf({ access }: Context, required: readonly string[]): Promise<Operation[]> {
  const roles = (await access.listRoleDefinitions()).filter(({ type }) => type === 'BuiltInRole')
  const permissions = roles.flatMap((role) => role.permissions)
  const dataActions = new Set(permissions.flatMap((granted) => granted.dataActions))
  const names = new Set([...required, ...permissions.flatMap(({ actions }) => actions), ...dataActions])
  return [...names]
    .filter((name) => !name.includes('*') && isServed(name, required))
    .toSorted()
    .map((name) => describe(name, dataActions.has(name)))
}

/** Whether a provider is served: the built-in roles also allow actions of others, such as Microsoft.Support. */
function isServed(name: string, required: readonly string[]): boolean {
  const namespace = `${name.split('/')[0] ?? ''}/`
  return required.some((action) => action.startsWith(namespace))
}

const verbs: Readonly<Record<string, string>> = { read: 'Read', write: 'Create or update', delete: 'Delete' }

/** Describes an action by its name: `{namespace}/{resource type}/{verb}`, or `…/{verb}/action`. */
function describe(name: string, isDataAction: boolean): Operation {
  const [namespace = '', ...segments] = name.split('/')
  const last = segments.pop() ?? ''
  const verb = last === 'action' ? (segments.pop() ?? '') : last
  const words = verbs[verb] ?? verb.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  const operation = words.charAt(0).toUpperCase() + words.slice(1)
  const resource = segments.join('/')
  const description = resource === '' ? `${operation} ${namespace}` : `${operation}: ${resource}`
  return { name, namespace, resource, operation, description, isDataAction }
}
