import { type OwnerReset, OwnerResetError, exitCodes, resetOwnerIn } from '@acrux/server'
import type { Command } from 'commander'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { explainFailure } from '../startup-failure.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'

const examples = `
Run this command on the server's machine, as the user that the server runs as. The server may be running.
An owner is a person who has the role Owner on a subscription, or the directory role owner.

Examples:
  acrux owner reset --data-dir /var/lib/acrux
  acrux owner reset --config /etc/acrux/acrux.yaml --user owner@acrux.localhost
  acrux owner reset --data-dir /var/lib/acrux --user owner@acrux.localhost --remove-second-factors

Exit codes: 0 success; 1 no owner or several owners match; 2 wrong flag or setting; 12 the running server cannot be reached;
13 the data directory cannot be used; 14 the master key cannot be read.
`

type ResetFlags = DataDirFlags & {
  readonly user?: string
  readonly removeSecondFactors?: true
  readonly json?: true
}

/** Adds `acrux owner`. */
export function addOwner(program: Command): void {
  const command = exitOnWrongUsage(program.command('owner'))
    .description('restore the access of an owner')
    .addHelpText('after', examples)
  withDataDir(command.command('reset'))
    .description('set a one-time password for an owner and end all sign-ins of the owner')
    .option('--user <name>', 'the user principal name; required if there are several owners')
    .option('--remove-second-factors', 'also remove the authenticator app, the passkeys and the recovery codes')
    .option('--json', 'print the result as JSON')
    .action(reset)
}

async function reset({ user, removeSecondFactors, json, ...place }: ResetFlags): Promise<void> {
  try {
    const { dataDir } = await configurationOf(place)
    const result = await resetOwnerIn(dataDir, {
      user,
      removeSecondFactors: removeSecondFactors === true,
    })
    process.stdout.write(json === true ? `${JSON.stringify(result, undefined, 2)}\n` : textOf(result))
  } catch (error) {
    if (!(error instanceof OwnerResetError)) explainFailure(error)
    process.stderr.write(`acrux: ${error.message}\n`)
    process.exitCode = exitCodes.unexpected
  }
}

function textOf({ userPrincipalName, password, enrolmentCode, remaining }: OwnerReset): string {
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
    ...(enrolmentCode === undefined ? [] : [`code      ${enrolmentCode}`]),
    'The password must be changed at the next sign-in. All sign-ins of this person have ended.',
    ...(enrolmentCode === undefined
      ? []
      : [
          'Setting up a second factor takes the code where identity.secondFactorEnrolment is owner-code. It is valid for a day.',
        ]),
    `Other sign-in methods of the account: ${other}${hint}.`,
    '',
  ].join('\n')
}
