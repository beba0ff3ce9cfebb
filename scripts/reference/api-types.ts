import { type JSONSchema, compile } from 'json-schema-to-typescript'
import { format, resolveConfig } from 'prettier'

/** The documents that each program reads, by the file of their types. The schemas that they refer to come with them. */
const targets: Readonly<Record<string, readonly string[]>> = {
  'shared/src/wire/api-types.ts': ['AccessExplanation', 'AllowedPrincipalList', 'Decision', 'ModeChangeList'],
  'portal/src/api/graph-types.ts': [
    'graph.application',
    'graph.applicationPage',
    'graph.authenticationMethods',
    'graph.batch',
    'graph.directoryObjectPage',
    'graph.directoryObjects',
    'graph.federatedIdentityCredentials',
    'graph.groupPage',
    'graph.identityProviders',
    'graph.newOneTimeLink',
    'graph.newTemporaryAccessPass',
    'graph.objectIdentities',
    'graph.servicePrincipalPage',
    'graph.signInSessions',
    'graph.unifiedRoleAssignments',
    'graph.userPage',
    'graph.workloadTokenTest',
  ],
  'portal/src/api/managed-types.ts': ['EnrollmentCode', 'Identity', 'Machine'],
  'portal/src/api/content-types.ts': [
    'AttachedReportList',
    'BulkOperations',
    'BulkResults',
    'DeletedManifestList',
    'DeletedTagList',
    'ImageList',
    'ManifestDocument',
    'ManifestPropertiesList',
    'RepositoryList',
    'RepositoryNames',
    'RepositoryProperties',
    'TagDocument',
    'TagHistory',
    'TagPropertiesList',
  ],
  'portal/src/api/types.ts': [
    'AdminPasswordUses',
    'AnonymousAccess',
    'AuditChain',
    'AuditEventList',
    'AuditWebhookList',
    'AuditWebhookSecret',
    'Backups',
    'BatchResponse',
    'ContentSearch',
    'CredentialUseList',
    'GarbageCollection',
    'GeneratedCredentials',
    'HostCertificates',
    'Metrics',
    'NetworkAccess',
    'PasswordUsesList',
    'Permission',
    'PermissionList',
    'QuotaList',
    'RegistryCredentials',
    'RegistryList',
    'RegistryUsages',
    'RoleAssignmentList',
    'RoleDefinitionList',
    'ScopeMapList',
    'Scrub',
    'ServerSettings',
    'ServerStatus',
    'SubscriptionList',
    'TokenList',
    'UploadList',
  ],
}

const reference = '#/components/schemas/'

type Schema = { readonly [member: string]: unknown }

/** The types of the API documents that the command line and the portal read, by their files. */
export async function apiTypes(schemas: Readonly<Record<string, Schema>>): Promise<Record<string, string>> {
  const files = Object.entries(targets).map(async ([file, documents]) => {
    const options = { ...(await resolveConfig(file)), parser: 'typescript' }
    return [file, await format(await typesOf(schemas, documents), options)] as const
  })
  return Object.fromEntries(await Promise.all(files))
}

async function typesOf(schemas: Readonly<Record<string, Schema>>, documents: readonly string[]): Promise<string> {
  const names = new Set(documents)
  let text = '/* Written by `npm run generate` from the OpenAPI document of the server. */\n'
  for (const name of names) {
    const schema = schemas[name]
    if (schema === undefined) throw new Error(`the OpenAPI document has no schema ${name}`)
    const typed = withTypes(schema, (found) => names.add(found)) as JSONSchema
    const options = { bannerComment: '', format: false, additionalProperties: false, unknownAny: true }
    text += await compile(typed, typeName(name), options)
  }
  return text.replaceAll(/^ *(?=(?:\w+|"[^"\n]+")\??: )/gm, '$&readonly ')
}

/** The name of a schema as the name of a type. */
function typeName(name: string): string {
  return name.replaceAll(/(?:^|\.)(.)/g, (_match, letter: string) => letter.toUpperCase())
}

/** Replaces references and arrays by the types that they have in TypeScript. */
function withTypes(value: unknown, onReference: (name: string) => void): unknown {
  if (Array.isArray(value)) return value.map((item) => withTypes(item, onReference))
  if (typeof value !== 'object' || value === null) return value
  const schema = value as Schema
  if (typeof schema['$ref'] === 'string') {
    const name = schema['$ref'].slice(reference.length)
    onReference(name)
    return { ...schema, $ref: undefined, tsType: typeName(name) }
  }
  const members = Object.entries(schema).map(([key, member]) => [key, withTypes(member, onReference)])
  const typed = Object.fromEntries(members) as Schema
  return typed['type'] === 'array' ? { ...typed, ...arrayType(typed) } : typed
}

/** The type of an array; nothing if the items are described in place. */
function arrayType({ items }: Schema): Schema {
  const { tsType, type, not } = (items ?? {}) as Schema
  if (typeof tsType === 'string') return { tsType: `readonly ${tsType}[]` }
  if (type === 'integer') return { tsType: 'readonly number[]' }
  if (type === 'string' || type === 'number' || type === 'boolean') return { tsType: `readonly ${type}[]` }
  if (not !== undefined) return { tsType: 'readonly never[]' }
  if (type === 'object') return {}
  throw new Error('the items of an array need a schema')
}
