import { z } from 'zod'
import { settingTexts, wholeNumber } from './setting-texts.ts'

/** The settings in `identity`. */
export const identitySettings = z
  .strictObject(
    {
      maxSignInDays: wholeNumber(1, 3650).default(180).register(settingTexts, {
        kind: 'number',
        description:
          'The maximum lifetime of a sign-in to a program and of its refresh token. A lower value ends older sign-ins at the next restart.',
        placeholder: 'days',
        example: '30',
      }),
      maxWorkloadTokenSeconds: wholeNumber(60, 31_536_000).default(86_400).register(settingTexts, {
        kind: 'number',
        description:
          'The maximum lifetime of a token of a CI system, a cluster or another external issuer, from issue to expiry, plus 5 minutes for clock skew. The server rejects a token with a longer lifetime, even shortly before its expiry.',
        placeholder: 'seconds',
        example: '3600',
      }),
      passwordGrant: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Allow programs to sign users in with only a user name and a password, as `az login -u -p` does; `az` then connects to port 443, whatever the port of the server is. Users with a second factor, or with a password that must be changed, are still denied.',
        placeholder: 'boolean',
        example: 'true',
      }),
      requireSecondFactor: z
        .enum(['none', 'owners', 'all'], { error: 'must be none, owners or all' })
        .default('none')
        .register(settingTexts, {
          kind: 'text',
          description:
            'The users who must sign in with a second factor: no users, the owners of the directory, or all users. A user without a second factor sets one up at the next sign-in, in a browser or with a device code. Existing sign-ins without a second factor end.',
          placeholder: 'who',
          example: 'owners',
        }),
      secondFactorEnrolment: z
        .enum(['self', 'owner-code'], { error: 'must be self or owner-code' })
        .default('self')
        .register(settingTexts, {
          kind: 'text',
          description:
            'The requirement to set up the first second factor: only the password, or also a code from an owner of the directory. With `owner-code`, a stolen password is not enough to set up a second factor.',
          placeholder: 'mode',
          example: 'owner-code',
        }),
      protectRoleAssigners: z.boolean({ error: 'must be true or false' }).default(true).register(settingTexts, {
        kind: 'boolean',
        description:
          'Whether principals that can assign roles are protected from callers that cannot assign these roles. Such callers then cannot create a credential, a link or a password for the principal, attach the identity of the principal to a machine, or add members to the group. With `false`, as in Azure, an owner of the directory, an owner of the application or a contributor of the identity can make these changes, and thereby gain the roles.',
        placeholder: 'boolean',
        example: 'false',
      }),
      acceptProviderMfa: z.boolean({ error: 'must be true or false' }).default(true).register(settingTexts, {
        kind: 'boolean',
        description: "Whether a second factor that the organisation's provider reports (`amr` with `mfa`) is accepted.",
        placeholder: 'boolean',
        example: 'false',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
