import { selectServer } from '../../clients/servers/select-server.ts'
import { requireCloud } from '../../clients/session/account.ts'
import { completeSignIn } from '../../clients/session/sign-in.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { type Profile, openProfile, subscriptionDocument } from '../../framework/profile/profile.ts'
import { type LoginFlags, loginFlags } from './flags.ts'
import { checkFlags, managedIdentity, servicePrincipal } from './principal.ts'

/** `acrux login`. */
export const command = defineCommand<LoginFlags>({
  about: `
Without options that name a principal, the command opens a browser. Without a browser, the command shows a code for
another device. The acrux program renews the session until you run acrux logout, or until the session is revoked. If
docker-credential-secretservice is installed, the Secret Service of the desktop stores the secrets. Without
docker-credential-secretservice, the command stores the secrets in a file that only you can read.`,
  arguments: [
    {
      name: '[host]',
      description:
        'HOST, HOST:PORT or the URL of an Acrux server. After the sign-in, the command registers the server as a cloud, and selects this cloud. Default: the active cloud',
    },
  ],
  flags: loginFlags,
  examples: [
    'acrux login --first-run',
    'acrux login registry.example.com',
    'acrux login --use-device-code',
    'acrux login --service-principal -u 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -p - --tenant contoso.com < secret',
    'acrux login --service-principal -u 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --certificate app.pem --tenant contoso.com',
    'acrux login --identity',
  ],
  privateFiles: true,
  run: login,
})

/** The scopes of a user are part of the sign-in. As in az, the scopes of a managed identity have no effect. */
function signInOptions({ allowNoSubscriptions, servicePrincipal: isPrincipal, scope }: LoginFlags) {
  return { allowNoSubscriptions, scope: isPrincipal === true ? scope?.join(' ') : undefined }
}

function activeCloud(profile: Profile): Cloud {
  return requireCloud(profile, profile.activeCloud)
}

async function login(given: LoginFlags, context: CommandContext): Promise<unknown> {
  const { firstRun, dataDir } = given
  if (given.host !== undefined && given.server !== undefined) throw new WrongUsageError('name the server only once')
  if (dataDir !== undefined && firstRun !== true) throw new WrongUsageError('--data-dir needs --first-run')
  // Loaded here, because the configuration of the server is slow to load.
  const flags = firstRun === true ? await (await import('./first-run.ts')).firstRunFlags(given) : given
  checkFlags(flags)
  const { host, server = host, caFile, yes } = flags
  const cloud =
    server === undefined
      ? activeCloud(await openProfile(context.env).read())
      : await selectServer(context, server, { caFile, isTrusted: yes === true })
  const authenticated =
    flags.identity === true
      ? await managedIdentity(context, cloud, flags)
      : flags.servicePrincipal === true
        ? await servicePrincipal(context, cloud, flags)
        : await (await import('./person.ts')).signInPerson(context, cloud, flags)
  return (await completeSignIn(context, authenticated, signInOptions(flags))).map(subscriptionDocument)
}
