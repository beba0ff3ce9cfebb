import { guid, name } from '../surface/body.ts'
import { isName } from '../../standards/azure/object-name.ts'
import { z } from 'zod'
import type { ExternalIdentity } from '../../directory/index.ts'

/*
 * As all bodies of Graph, these name all that they may hold. A password is judged where it is hashed, and its end here
 * keeps the parser's work small.
 */

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

/** The property `identities` of a user: who they are at outside providers. [Microsoft Graph, objectIdentity] */
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

/** The body of `POST /users`: of somebody who has a password here, or whom an outside provider proves, or both. */
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

/** The body of `POST /groups`: groups here give rights, and receive no mail. */
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
export const memberGroupsBody = z.strictObject({ securityEnabledOnly: z.boolean().optional() })

/** The body of `checkMemberGroups`. */
export const checkMemberGroupsBody = z.strictObject({ groupIds: z.array(guid).max(20) })

/** The body of `POST /roleManagement/directory/roleAssignments`. */
export const roleAssignmentBody = z.strictObject({
  '@odata.type': z.literal('#microsoft.graph.unifiedRoleAssignment').optional(),
  principalId: guid,
  roleDefinitionId: guid,
  directoryScopeId: z.literal('/'),
})

/** Identities as the directory knows them. */
export function readIdentities(body: IdentitiesBody): ExternalIdentity[] {
  return body.map(({ issuer, issuerAssignedId }) => ({ issuer, subject: issuerAssignedId }))
}
