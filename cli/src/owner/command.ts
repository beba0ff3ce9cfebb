import { type OwnerReset, OwnerResetError, StartupError, exitCodes, resetOwnerIn } from '@acrux/server'
import type { Command } from 'commander'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { type HelpText, withHelp } from '../help-text.ts'
import { explainFailure } from '../startup-failure.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { firstRunText, readFirstRun, valueAt, valueNames } from './first-run.ts'

const about = `
Run these commands on the server's machine, as the user that the server runs as, also while the server is running.`

const resetHelp: HelpText = {
  about: `${about}
An owner is a user who has the role Owner on a subscription, or the directory role owner.`,
  examples: [
    'acrux owner reset --data-dir /var/lib/acrux',
    'acrux owner reset --config /etc/acrux/acrux.yaml --user owner@acrux.localhost',
    'acrux owner reset --data-dir /var/lib/acrux --user owner@acrux.localhost --remove-second-factors',
  ],
  exitCodes: {
    0: 'success',
    1: 'no owner matches, or several do',
    2: 'wrong option or setting',
    12: 'the running server cannot be reached',
    13: 'the data directory cannot be used',
    14: 'the master key cannot be read',
  },
}

const firstRunHelp: HelpText = {
  about: `${about}
VALUE is the name of one value, such as servicePrincipal.password. Without it, all values are printed.`,
  examples: [
    'acrux owner first-run --data-dir /var/lib/acrux',
    'acrux owner first-run servicePrincipal.appId',
    'acrux owner first-run owner.password | wl-copy',
    'acrux owner first-run --json',
  ],
  exitCodes: {
    0: 'success',
    2: 'wrong option or setting, or an unknown value',
    13: 'the file first-run.json does not exist or cannot be read',
  },
}

type ResetFlags = DataDirFlags & {
  readonly user?: string
  readonly removeSecondFactors?: true
  readonly json?: true
}

/** Adds `acrux owner`. */
export function addOwner(program: Command): void {
  const command = exitOnWrongUsage(program.command('owner')).description(
    'show the first credentials, and restore the access of an owner',
  )
  withHelp(command, { about, examples: ['acrux owner first-run', 'acrux owner reset --data-dir /var/lib/acrux'] })
  const firstRun = withDataDir(command.command('first-run [value]'))
    .description('print the credentials that the first start of the server created')
    .option('--json', 'print all values as JSON')
    .action(showFirstRun)
  withHelp(firstRun, firstRunHelp)
  const resetCommand = withDataDir(command.command('reset'))
    .description('set a one-time password for an owner, and end all sign-ins of the owner')
    .option('--user <name>', 'the user principal name; required if there are several owners')
    .option('--remove-second-factors', 'also remove the authenticator app, the passkeys and the recovery codes')
    .option('--json', 'print the result as JSON')
    .action(reset)
  withHelp(resetCommand, resetHelp)
}

async function showFirstRun(
  name: string | undefined,
  { json, ...place }: DataDirFlags & { readonly json?: true },
): Promise<void> {
  try {
    const { dataDir } = await configurationOf(place)
    const firstRun = await readFirstRun(dataDir)
    if (name === undefined) {
      process.stdout.write(json === true ? `${JSON.stringify(firstRun, undefined, 2)}\n` : firstRunText(firstRun))
      return
    }
    const value = valueAt(firstRun, name)
    if (value === undefined) {
      const known = `use one of ${valueNames(firstRun).join(', ')}`
      throw new StartupError(`there is no value ${name}`, exitCodes.configuration, known)
    }
    process.stdout.write(`${value}\n`)
  } catch (error) {
    explainFailure(error)
  }
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
    'The owner must change the password at the next sign-in. All sign-ins of the owner were ended.',
    ...(enrolmentCode === undefined
      ? []
      : [
          'The code is valid for a day. If identity.secondFactorEnrolment is owner-code, the owner needs it to set up a second factor.',
        ]),
    `Other sign-in methods of the account: ${other}${hint}.`,
    '',
  ].join('\n')
}
