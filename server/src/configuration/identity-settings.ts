import { z } from 'zod'
import { settingTexts, wholeNumber } from './setting-texts.ts'

/** The settings in `identity`. */
export const identitySettings = z
  .strictObject(
    {
      maxSignInDays: wholeNumber(1, 3650).default(180).register(settingTexts, {
        kind: 'number',
        description:
          'How many days a user can stay signed in to a program, such as `az`, without a new sign-in. At the next restart, a lower value also ends older sessions.',
        placeholder: 'days',
        example: '30',
      }),
      maxWorkloadTokenSeconds: wholeNumber(60, 31_536_000).default(86_400).register(settingTexts, {
        kind: 'number',
        description:
          'The maximum lifetime of a token from an external issuer, such as a CI system or a cluster, plus 5 minutes for clock skew. The server rejects a token with a longer lifetime, even shortly before the token expires.',
        placeholder: 'seconds',
        example: '3600',
      }),
      passwordGrant: z.boolean({ error: 'must be true or false' }).default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Whether programs can sign users in with only a user name and a password, as `az login -u -p` does. `az` always sends the user name and the password to port 443. Even with `true`, a user with a second factor, or a user who must change the password, cannot sign in with only a password.',
        placeholder: 'boolean',
        example: 'true',
      }),
      requireSecondFactor: z
        .enum(['none', 'owners', 'all'], { error: 'must be none, owners or all' })
        .default('none')
        .register(settingTexts, {
          kind: 'text',
          description:
            'The users who must sign in with a second factor: no users, the owners of the directory, or all users. A user without a second factor must set up a second factor at the next sign-in, in a browser or with a device code. The server ends existing sessions that these users started without a second factor.',
          placeholder: 'who',
          example: 'owners',
        }),
      secondFactorEnrolment: z
        .enum(['self', 'owner-code'], { error: 'must be self or owner-code' })
        .default('self')
        .register(settingTexts, {
          kind: 'text',
          description:
            'What a user needs to set up a second factor for the first time: only the password, or also a code from a directory owner. With `owner-code`, a stolen password is not enough to set up a second factor.',
          placeholder: 'mode',
          example: 'owner-code',
        }),
      protectRoleAssigners: z.boolean({ error: 'must be true or false' }).default(true).register(settingTexts, {
        kind: 'boolean',
        description:
          "Whether the server protects a principal that can assign roles from callers that cannot assign these roles. With `true`, only callers that can assign the same roles as a principal can create a credential, link or password for the principal. The same rule applies to attaching a principal's identity to a machine, and to adding members to a group that can assign roles. With `false`, as in Azure, directory owners, application owners and contributors of a managed identity can gain a principal's roles.",
        placeholder: 'boolean',
        example: 'false',
      }),
      acceptProviderMfa: z.boolean({ error: 'must be true or false' }).default(true).register(settingTexts, {
        kind: 'boolean',
        description:
          "Whether the server accepts a second factor that the organisation's provider reports with `mfa` in the `amr` claim.",
        placeholder: 'boolean',
        example: 'false',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})
