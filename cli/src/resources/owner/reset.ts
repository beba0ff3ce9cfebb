import { type OwnerReset, OwnerResetError, resetOwnerIn } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'

type Flags = DataDirFlags & {
  readonly user?: string
  readonly removeSecondFactors?: true
  readonly json?: true
}

/** `acrux owner reset`. */
export const command = defineCommand<Flags>({
  about: `
Run this command on the machine of the server, as the user that runs the server. The server may be running.
An owner is a user who has the role Owner on a subscription, or the directory role owner.`,
  flags: [
    ...dataDirFlags(),
    { flags: '--user <name>', description: 'the user principal name; required if there are several owners' },
    {
      flags: '--remove-second-factors',
      description: 'also remove the authenticator app, the passkeys and the recovery codes',
    },
    { flags: '--json', description: 'print the result as JSON' },
  ],
  examples: [
    'acrux owner reset --data-dir /var/lib/acrux',
    'acrux owner reset --config /etc/acrux/acrux.yaml --user owner@acrux.localhost',
    'acrux owner reset --data-dir /var/lib/acrux --user owner@acrux.localhost --remove-second-factors',
  ],
  exitCodes: {
    0: 'success',
    1: 'no owner matches the options, or several owners match',
    2: 'wrong option or setting',
    12: 'the running server cannot be reached',
    13: 'the data directory cannot be used',
    14: 'the master key cannot be read',
  },
  run: async ({ user, removeSecondFactors, json, ...place }, { print }) => {
    const configuration = await configurationOf(place)
    const result = await resetOwnerIn(configuration, { user, removeSecondFactors: removeSecondFactors === true }).catch(
      (error: unknown) => {
        throw error instanceof OwnerResetError ? new CommandFailure(error.message, 1) : error
      },
    )
    print(json === true ? `${JSON.stringify(result, undefined, 2)}\n` : textOf(result))
  },
})

function textOf({ userPrincipalName, password, accessPass, remaining }: OwnerReset): string {
  const { authenticatorApp, passkeys, recoveryCodes, identityProviders } = remaining
  const left = [
    ...(authenticatorApp ? ['an authenticator app'] : []),
    ...(passkeys > 0 ? [`${passkeys} passkeys`] : []),
    ...(recoveryCodes > 0 ? [`${recoveryCodes} recovery codes`] : []),
    ...(identityProviders > 0 ? [`${identityProviders} linked identity providers`] : []),
  ]
  const other = left.length === 0 ? 'none' : left.join(', ')
  const hint = authenticatorApp || passkeys > 0 ? ' (--remove-second-factors removes the second factors)' : ''
  return [
    `user      ${userPrincipalName}`,
    `password  ${password}`,
    ...(accessPass === undefined ? [] : [`code      ${accessPass}`]),
    'The owner must change the password at the next sign-in. The command ended all sessions of the owner.',
    ...(accessPass === undefined
      ? []
      : [
          'The code is valid for a day. If identity.secondFactorEnrolment is owner-code, the owner needs the code to set up a second factor.',
        ]),
    `Sign-in methods of the account in addition to the password: ${other}${hint}.`,
    '',
  ].join('\n')
}
