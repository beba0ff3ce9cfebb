import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { isName, isUserPrincipalName } from '@acrux/shared/standards/azure/object-name.ts'
import { parseScopeMapAction } from '@acrux/shared/standards/azure/scope-map-action.ts'
import { parseDuration } from '@acrux/shared/texts/duration.ts'
import { z } from 'zod'

/*
 * The document of a seed. The messages follow the path of a value, as in `registries[0].name must have 5 to 50 letters and digits`.
 * The JSON Schema for editors is generated from this file, so what a pattern can say is a pattern.
 */

const maxItems = 1000
/** The maximum number of bytes of a generated layer: 1 GiB. */
const maxLayerBytes = 1_073_741_824

const guidText = z
  .string()
  .regex(/^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$/, { error: 'must be a GUID' })
  .transform((text) => parseGuid(text) ?? text)

const objectName = z.string().min(1).max(256).refine(isName, { error: 'must be one line' })

const registryName = z.string().regex(/^[A-Za-z0-9]{5,50}$/, { error: 'must have 5 to 50 letters and digits' })

/** Basic authentication cannot carry control characters. */
const secret = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\p{Cc}]*$/u, { error: 'must not contain control characters' })

const duration = z
  .string()
  .regex(/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/, { error: 'must be a duration such as 90m, 24h, 30d or 2d12h' })
  .transform((text) => parseDuration(text) ?? 0)
  .refine((ms) => ms > 0, { error: 'must be between 1ms and 150 years' })
  .describe('The lifetime after the creation, such as 90m, 24h or 30d.')

/** The value alone, or with its lifetime. */
const timedSecret = z
  .union([secret, z.strictObject({ value: secret, expiresIn: duration.optional() })], {
    error: 'must be a string, or a mapping with `value` and `expiresIn`',
  })
  .transform((given) => (typeof given === 'string' ? { value: given, expiresIn: undefined } : given))

const items = <Item extends z.ZodType>(item: Item) => z.array(item).max(maxItems).default([])

const registry = z
  .strictObject({
    name: registryName,
    sku: z.enum(['Basic', 'Standard', 'Premium']).optional().describe('Premium by default.'),
    mode: z
      .enum(['rbac', 'abac'])
      .optional()
      .describe(
        'With `abac`, conditions and the roles "Container Registry Repository …" apply. The default is `rbac`.',
      ),
    admin: z
      .strictObject({
        passwords: z.array(secret).max(2).default([]).describe('The two passwords; random by default.'),
      })
      .optional()
      .describe('Enables the admin account.'),
  })
  .describe('A registry in the resource group `default`.')

const user = z
  .strictObject({
    upn: z.string().refine(isUserPrincipalName, { error: 'must be a name, an @ and a domain' }),
    password: secret.optional().describe('A user without a password cannot sign in.'),
    displayName: objectName.optional().describe('The default is the part of `upn` before the @.'),
    objectId: guidText.optional(),
  })
  .describe('A user of the directory.')

const application = z
  .strictObject({
    name: objectName,
    appId: guidText.optional().describe('The client id.'),
    objectId: guidText.optional().describe('The object id of the service principal.'),
    secrets: z
      .array(timedSecret)
      .max(100)
      .default([])
      .describe('Client secrets, which are valid for 365 days by default.'),
    federated: z
      .array(
        z.strictObject({
          issuer: z.string().max(2048),
          subject: z.string().min(1).max(1024),
          audience: z.string().min(1).max(1024).default('api://AzureADTokenExchange'),
          name: objectName.optional(),
        }),
      )
      .max(20)
      .default([])
      .describe('Workload tokens that the application trusts.'),
  })
  .describe('An application with a service principal.')

const group = z
  .strictObject({
    name: objectName,
    objectId: guidText.optional(),
    members: items(z.string()).describe('Names of users, applications and groups, or object ids.'),
  })
  .describe('A group of the directory.')

const roleAssignment = z
  .strictObject({
    to: z.string().describe('The name of a user, an application or a group, or an object id.'),
    role: z.string().describe('The name or the GUID of a role.'),
    on: z
      .string()
      .describe('The name of a registry, or the id of the subscription or of a resource in the subscription.'),
    condition: z.string().min(1).optional().describe('A condition of version 2.0.'),
    id: guidText.optional(),
  })
  .describe('A role of a principal at a scope.')

const scopeMap = z
  .strictObject({
    registry: registryName,
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{5,50}$/, { error: 'must have 5 to 50 letters, digits, hyphens and underscores' })
      .refine((name) => !name.toLowerCase().startsWith('_repositories_'), {
        error: 'must not begin with _repositories_, the prefix of system-defined scope maps',
      }),
    actions: z
      .array(
        z.string().refine((text) => parseScopeMapAction(text) !== undefined, {
          error: 'must be an action such as repositories/team/*/content/read',
        }),
      )
      .min(1)
      .max(500),
    description: z.string().max(256).optional(),
  })
  .describe('A scope map of a registry.')

const token = z
  .strictObject({
    registry: registryName,
    name: z.string().regex(/^[A-Za-z0-9-]{5,50}$/, { error: 'must have 5 to 50 letters, digits and hyphens' }),
    scopeMap: z.string().describe('The name of a scope map of the registry.'),
    passwords: z.array(timedSecret).max(2).default([]).describe('The two passwords of the token.'),
  })
  .describe('A scoped token of a registry.')

const image = z
  .strictObject({
    ref: z
      .string()
      .describe('`registry/repository:tag`. The default tag is `latest`. An image with a subject has no default tag.'),
    from: z.string().min(1).optional().describe('The path of an OCI layout: a directory, or a tar archive.'),
    layers: z.int().min(1).max(100).optional().describe('The number of generated layers; 1 by default.'),
    bytes: z
      .int()
      .min(1)
      .max(maxLayerBytes)
      .optional()
      .describe('The size of the file in each layer; 1024 by default.'),
    platforms: z
      .array(
        z
          .string()
          .regex(/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/, { error: 'must be a platform such as linux/arm64' }),
      )
      .min(1)
      .max(20)
      .optional()
      .describe('Generates an index with an image for each platform.'),
    subject: z
      .string()
      .optional()
      .describe('The tag, digest or reference of the subject: an image in the same repository.'),
  })
  .describe('A generated image, or an image from an OCI layout.')

/** Validates the document of a seed. */
export const seedSchema = z.strictObject({
  $schema: z.string().optional().describe('The schema, for editors.'),
  version: z.literal(1).describe('The version of the seed format.'),
  clock: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-01T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional()
    .describe("The time of the emulator's clock."),
  registries: items(registry),
  users: items(user),
  applications: items(application),
  groups: items(group),
  roleAssignments: items(roleAssignment),
  scopeMaps: items(scopeMap),
  tokens: items(token),
  images: items(image),
})

/** The mappings in the lists of the document. */
const mappings = new Map<PropertyKey, { readonly shape: object }>(
  Object.entries({
    registries: registry,
    users: user,
    applications: application,
    groups: group,
    roleAssignments: roleAssignment,
    scopeMaps: scopeMap,
    tokens: token,
    images: image,
  }),
)

/** The keys of the document, or of an item in one of its lists; empty for a mapping within an item. */
export function seedKeysAt([list, ...rest]: readonly PropertyKey[]): readonly string[] {
  if (list === undefined) return Object.keys(seedSchema.shape)
  return rest.length === 1 ? Object.keys(mappings.get(list)?.shape ?? {}) : []
}

/** A valid document, with its defaults. */
export type Seed = z.output<typeof seedSchema>

/** The JSON Schema of the document, for editors. */
export function seedJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(seedSchema, { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'Seed of the Acrux emulator', ...schema }
}
