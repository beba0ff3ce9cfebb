import { type AccessFlags, accessFlags } from '../../../clients/registry/data-plane.ts'
import { type Image, parseImage } from '../../../clients/registry/image.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import type { ArgumentDescription, FlagDescription } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'

/** Selects a repository or a manifest: by the position, or by `--registry` and `--name`. */
export type ManifestFlags = AccessFlags & {
  readonly id?: string
  readonly registry?: string
  readonly name?: string
}

const common: readonly FlagDescription[] = [
  { flags: '-r, --registry <registry>', description: 'the name of the registry' },
  ...accessFlags,
]

/** The options of the commands for a manifest. */
export const manifestFlags: readonly FlagDescription[] = [
  ...common,
  {
    flags: '-n, --name <name>',
    description: 'the manifest in the form name:tag or name@digest. Without tag and digest, the tag is latest',
  },
]

/** The options of the commands for a repository. */
export const manifestListFlags: readonly FlagDescription[] = [
  ...common,
  { flags: '-n, --name <repository>', description: 'the name of the repository' },
]

/** The options of the commands for deleted content, whose name may have a tag. */
export const deletedFlags: readonly FlagDescription[] = [
  ...common,
  { flags: '-n, --name <name>', description: 'the name of the repository, or an image in the form name:tag' },
]

/** The position of a manifest. */
export const manifestArgument: readonly ArgumentDescription[] = [
  { name: '[id]', description: 'the manifest, such as registry.example.com/team/app:1, instead of -r and -n' },
]

/** The position of a repository. */
export const repositoryArgument: readonly ArgumentDescription[] = [
  { name: '[id]', description: 'the repository, such as registry.example.com/team/app, instead of -r and -n' },
]

/** The position of the argument for a repository, or for a tag in a repository. */
export const permissiveArgument: readonly ArgumentDescription[] = [
  {
    name: '[id]',
    description: 'the repository or the tag, such as registry.example.com/team/app:1, instead of -r and -n',
  },
]

/** A registry and an image in it. */
export type Selected = { readonly registry: string; readonly image: Image; readonly text: string }

/** The manifest of the flags. @throws CommandFailure with az's messages */
export async function requireManifest(context: CommandContext, flags: ManifestFlags): Promise<Selected> {
  const selected = await select(context, flags, 'manifest')
  return { ...selected, image: parseImage(selected.text) }
}

/** The repository of the flags. @throws CommandFailure with az's messages */
export async function requireRepository(context: CommandContext, flags: ManifestFlags): Promise<Selected> {
  if (flags.name?.includes(':') === true)
    throw failure("Parameter 'name' refers to a repository and should not include a tag or digest.")
  const selected = await select(context, flags, 'repository')
  if (selected.text.includes(':'))
    throw failure("The positional parameter 'repo_id' should not include a tag or digest.")
  return { ...selected, image: { repository: selected.text } }
}

/** The repository of the flags, with or without a tag. @throws CommandFailure with az's messages */
export async function requirePermissiveRepository(context: CommandContext, flags: ManifestFlags): Promise<Selected> {
  if (flags.id?.includes('@') === true) throw failure(notQualifiedTexts.permissive)
  const selected = await select(context, flags, 'permissive')
  return { ...selected, image: parseImage(selected.text, { allowsDigest: false, defaultsToLatest: false }) }
}

/** The image of the flags that is restored. Only a position without a tag means `latest`. @throws CommandFailure with az's messages */
export async function requireRestorable(context: CommandContext, flags: ManifestFlags): Promise<Selected> {
  const selected = await select(context, flags, 'manifest')
  const defaultsToLatest = flags.id !== undefined
  return { ...selected, image: parseImage(selected.text, { allowsDigest: false, defaultsToLatest }) }
}

/** The object that a position names: `permissive` means a repository with or without a tag. */
type Kind = 'manifest' | 'repository' | 'permissive'

async function select(
  context: CommandContext,
  flags: ManifestFlags,
  kind: Kind,
): Promise<{ readonly registry: string; readonly text: string }> {
  const { id, registry, name } = flags
  if (id !== undefined && (!id.includes('.') || !id.includes('/'))) throw failure(notQualifiedTexts[kind])
  if (id !== undefined && name === undefined) return byId(context, flags, { id, kind })
  if (id === undefined && registry !== undefined && name !== undefined) return { registry, text: name }
  const example = kind === 'manifest' ? 'hello-world:latest' : 'hello-world'
  const noun = kind === 'manifest' ? 'manifest' : 'repository'
  throw failure(
    `You must provide either a fully qualified ${noun} specifier such as 'myregistry.azurecr.io/${example}' as a positional parameter or provide '-r MyRegistry -n ${example}' argument values.`,
  )
}

/** The registry and the repository of an id. The suffix of the registry must be the suffix of the cloud. */
async function byId(
  context: CommandContext,
  flags: ManifestFlags,
  { id, kind }: { readonly id: string; readonly kind: Kind },
): Promise<{ readonly registry: string; readonly text: string }> {
  const [, registry = '', suffix = '', text = ''] = /^(?:https:\/\/)?([^./]*)(\.[^/]*)?\/(.*)$/.exec(id) ?? []
  if (suffix === '' || text === '') throw failure(notQualifiedTexts[kind])
  const { cloud } = await requireAccount(context, flags)
  const own = cloud.suffixes['acrLoginServerEndpoint'] ?? ''
  if (suffix !== own)
    throw failure(
      `Provided registry suffix '${suffix}' does not match the configured az cli acr login server suffix '${own}'. Check the 'acrLoginServerEndpoint' value when running 'acrux cloud show'.`,
    )
  return { registry, text }
}

const notQualifiedTexts: Readonly<Record<Kind, string>> = {
  repository:
    "The positional parameter 'repo_id' must be a fully qualified repository specifier such as 'myregistry.azurecr.io/hello-world'.",
  permissive:
    "The positional parameter 'perm_repo_id' must be a fully qualified repository specifier such as 'myregistry.azurecr.io/hello-world'. It may optionally specify a tag such as 'myregistry.azurecr.io/hello-world:latest'.",
  manifest:
    "The positional parameter 'manifest_id' must be a fully qualified manifest specifier such as 'myregistry.azurecr.io/hello-world:latest' or 'myregistry.azurecr.io/hello-world@sha256:abc123'.",
}
