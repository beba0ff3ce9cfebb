import { type RegistryFlags, registryFlags } from '../../../clients/arm/named-registry.ts'
import { parseImage } from '../../../clients/registry/image.ts'
import { readAuthority } from '../../../clients/servers/select-server.ts'
import { httpClientOf } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { connectionSteps } from '../../doctor/connection.ts'
import { findingDocuments, findingRows, findingsText } from '../../doctor/findings.ts'
import { type Scene, runSteps } from '../../doctor/step.ts'
import { findLoginServer } from './login-server.ts'
import { type NodeLogin, type NodeLoginFlags, nodeLoginFlags, nodeLoginOf } from './node-login.ts'
import { pullSteps } from './pull-steps.ts'

type Flags = RegistryFlags & NodeLoginFlags & { readonly image?: string; readonly caFile?: string }

/** `acrux acr check-acr`. */
export const command = defineCommand<Flags>({
  about: `
The command resolves the name, connects with TLS, requests the challenge, and logs in. The command then gets a token,
and pulls the manifest and the configuration of an image. The command shows a solution for the first failure. Without
options, the command logs in with your own account.

On a node, --credential-provider-config logs in as the kubelet does, with acrux-credential-provider. The container
runtime containerd uses a separate list of certificate authorities. The command acrux trust adds the certificate
authority of a server to this list.`,
  flags: [
    ...registryFlags,
    {
      flags: '--image <image>',
      description: 'the image to pull, such as team/app:1. Default: check only the login',
    },
    { flags: '--ca-file <file>', description: 'the certificate authority of the registry, as PEM' },
    ...nodeLoginFlags,
  ],
  examples: [
    'acrux acr check-acr -n contoso --image team/app:1',
    'acrux acr check-acr -n registry.example.com --image team/app:1 --credential-provider-config /opt/acrux/credential-provider-config.yaml --service-account-token token',
    'acrux acr check-acr -n contoso --image team/app:1 -u device -p @device.password -o table',
  ],
  exitCodes: { 0: 'every check passed', 1: 'a check failed', 2: 'wrong option or argument' },
  text: findingsText,
  table: findingRows,
  run: async (flags, context) => {
    const image = flags.image === undefined ? undefined : parseImage(flags.image)
    const login = await nodeLoginOf(flags, context)
    const scene = await sceneOf(flags, context, { login, repository: image?.repository })
    const findings = await runSteps([...connectionSteps, ...pullSteps(login, image)], scene)
    if (findings.some(({ status }) => status === 'failed')) context.exitWith(1)
    return findingDocuments(findings)
  },
})

type Target = { readonly login: NodeLogin; readonly repository: string | undefined }

async function sceneOf(flags: Flags, context: CommandContext, { login, repository }: Target): Promise<Scene> {
  const account = login.kind === 'account' ? login.account : undefined
  const caFile = flags.caFile ?? (login.kind === 'provider' ? login.settings.caFile : undefined)
  const { loginServer: host, ca: known } = await findLoginServer(context, flags, account)
  const ca = caFile === undefined ? known : await readAuthority(caFile)
  return {
    context,
    host,
    ca,
    http: httpClientOf(context, ca === undefined ? {} : { ca }),
    account,
    repository: { name: repository ?? '', isTemporary: false },
    isPushWanted: false,
  }
}
