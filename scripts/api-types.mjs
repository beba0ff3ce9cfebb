/**
 * Writes the types of API documents that the CLI and the portal read, from `docs/openapi.json`; with `--check`, writes none and fails if
 * they are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'
import { format, resolveConfig } from 'prettier'
import { root } from './set-up.mjs'

/**
 * The documents that each program reads. The schemas that they refer to come with them.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const targets = {
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
    'DeletedManifestList',
    'DeletedTagList',
    'ManifestDocument',
    'ManifestPropertiesList',
    'RepositoryNames',
    'RepositoryProperties',
    'TagDocument',
    'TagPropertiesList',
  ],
  'portal/src/api/types.ts': [
    'AccessExplanation',
    'AdminPasswordUses',
    'AllowedPrincipalList',
    'AnonymousAccess',
    'AuditChain',
    'AuditEventList',
    'AuditWebhookList',
    'AuditWebhookSecret',
    'Backups',
    'BatchResponse',
    'ContentSearch',
    'CredentialUseList',
    'Decision',
    'GarbageCollection',
    'GeneratedCredentials',
    'HostCertificates',
    'Metrics',
    'ModeChangeList',
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

/** @typedef {{ readonly [member: string]: unknown }} Schema */

/**
 * The name of a schema as that of a type.
 *
 * @param {string} name
 */
function typeName(name) {
  return name.replaceAll(/(?:^|\.)(.)/g, (_match, /** @type {string} */ letter) => letter.toUpperCase())
}

/**
 * Replaces references and arrays by the types that they have in TypeScript.
 *
 * @param {unknown} value
 * @param {(name: string) => void} onReference
 * @returns {unknown}
 */
function withTypes(value, onReference) {
  if (Array.isArray(value)) return value.map((item) => withTypes(item, onReference))
  if (typeof value !== 'object' || value === null) return value
  const schema = /** @type {Schema} */ (value)
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.slice(reference.length)
    onReference(name)
    return { ...schema, $ref: undefined, tsType: typeName(name) }
  }
  const members = Object.entries(schema).map(([key, member]) => [key, withTypes(member, onReference)])
  const typed = /** @type {Schema} */ (Object.fromEntries(members))
  return typed.type === 'array' ? { ...typed, ...arrayType(typed) } : typed
}

/**
 * The type of an array; nothing where the items are described in place.
 *
 * @param {Schema} schema
 */
function arrayType({ items }) {
  const { tsType, type, not } = /** @type {Schema} */ (items ?? {})
  if (typeof tsType === 'string') return { tsType: `readonly ${tsType}[]` }
  if (type === 'string' || type === 'number' || type === 'boolean') return { tsType: `readonly ${type}[]` }
  if (not !== undefined) return { tsType: 'readonly never[]' }
  if (type === 'object') return {}
  throw new Error('the items of an array need a schema')
}

/**
 * @param {Readonly<Record<string, Schema>>} schemas
 * @param {readonly string[]} documents
 */
async function typesOf(schemas, documents) {
  const names = new Set(documents)
  let text = '/* Written by `npm run generate` from docs/openapi.json. */\n'
  for (const name of names) {
    const schema = schemas[name]
    if (schema === undefined) throw new Error(`docs/openapi.json has no schema ${name}`)
    const typed = /** @type {import('json-schema-to-typescript').JSONSchema} */ (
      withTypes(schema, (found) => names.add(found))
    )
    const options = { bannerComment: '', format: false, additionalProperties: false, unknownAny: true }
    text += await compile(typed, typeName(name), options)
  }
  return text.replaceAll(/^ *(?=(?:\w+|"[^"\n]+")\??: )/gm, '$&readonly ')
}

const { components } = JSON.parse(await readFile(`${root}/docs/openapi.json`, 'utf8'))
for (const [target, documents] of Object.entries(targets)) {
  const file = `${root}/${target}`
  const types = await typesOf(components.schemas, documents)
  const text = await format(types, { ...(await resolveConfig(file)), parser: 'typescript' })
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === text) continue
  if (process.argv.includes('--check')) {
    process.stderr.write(`${target} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, text)
    process.stdout.write(`wrote ${target}\n`)
  }
}
