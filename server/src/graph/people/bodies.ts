import { guid, name } from '../protocol/body.ts'
import { isName } from '@acrux/shared/standards/azure/object-name.ts'
import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import type { ExternalIdentity } from '../../directory/index.ts'

/** The strength of a password is checked when it is hashed. The limit here only bounds the work of the parser. */

const password = z.string().max(4096)

const mail = z
  .string()
  .max(320)
  .regex(/^[^\s@]+@[^\s@]+$/)
  .refine(isName)
  .nullish()

const description = z
  .string()
  .max(1024)
  .refine((text) => text.isWellFormed() && !text.includes('\0'))
  .transform((text) => (text === '' ? null : text))
  .nullish()

/** [Microsoft Graph, group.mailNickname] */
const mailNickname = z.string().regex(/^[!#$%&'*+./0-9=?A-Z^_`a-z{|}~-]{1,64}$/)

/** The property `identities` of a user: their identities at other providers. [Microsoft Graph, objectIdentity] */
const identitiesBody = z
  .array(
    z.strictObject({
      signInType: z.literal('federated'),
      issuer: z
        .url({ protocol: /^https$/ })
        .max(512)
        .refine((text) => !/[?#\s]/.test(text)),
      issuerAssignedId: z.string().regex(/^[\x21-\x7e]{1,255}$/),
    }),
  )
  .max(10)

export type IdentitiesBody = z.output<typeof identitiesBody>

/** The body of `POST /users`: a user with a password, with identities at other providers, or with both. */
export const newUserBody = z
  .strictObject({
    accountEnabled: z.boolean(),
    displayName: name,
    userPrincipalName: z.string().max(320),
    mail,
    mailNickname: mailNickname.optional(),
    passwordProfile: z.strictObject({ password, forceChangePasswordNextSignIn: z.boolean().optional() }).optional(),
    identities: identitiesBody.optional(),
  })
  .refine(({ passwordProfile, identities = [] }) => passwordProfile !== undefined || identities.length > 0)

/** The body of `PATCH /users/{id}`. */
export const userChangeBody = z.strictObject({
  accountEnabled: z.boolean().optional(),
  displayName: name.optional(),
  identities: identitiesBody.optional(),
  mail,
  mailNickname: mailNickname.optional(),
  passwordProfile: z
    .strictObject({ password: password.optional(), forceChangePasswordNextSignIn: z.boolean().optional() })
    .optional(),
})

/** The body of `resetPassword`. `removeOtherMethods` is an extension of this server. */
export const resetPasswordBody = z.strictObject({ newPassword: password, removeOtherMethods: z.boolean().optional() })

/** The body of `POST /me/changePassword`. */
export const changePasswordBody = z.strictObject({ currentPassword: password, newPassword: password })

/** The body of `POST /groups`. Groups have permissions, but receive no mail. */
export const newGroupBody = z.strictObject({
  displayName: name,
  description,
  mailNickname,
  mailEnabled: z.literal(false),
  securityEnabled: z.literal(true),
  groupTypes: z.array(z.never()).optional(),
})

/** The body of `PATCH /groups/{id}`. */
export const groupChangeBody = z.strictObject({ displayName: name.optional(), description })

/** The body of `getMemberGroups`. Every group here is security enabled. */
export const memberGroupsBody = z
  .strictObject({ securityEnabledOnly: z.boolean().optional() })
  .register(apiSchemas, { id: 'graph.getMemberGroups' })

/** The body of `checkMemberGroups`. */
export const checkMemberGroupsBody = z
  .strictObject({ groupIds: z.array(guid).max(20) })
  .register(apiSchemas, { id: 'graph.checkMemberGroups' })

/** The body of `POST /roleManagement/directory/roleAssignments`. */
export const roleAssignmentBody = z.strictObject({
  '@odata.type': z.literal('#microsoft.graph.unifiedRoleAssignment').optional(),
  principalId: guid,
  roleDefinitionId: guid,
  directoryScopeId: z.literal('/'),
})

/** Converts identities for the directory. */
export function readIdentities(body: IdentitiesBody): ExternalIdentity[] {
  return body.map(({ issuer, issuerAssignedId }) => ({ issuer, subject: issuerAssignedId }))
}
