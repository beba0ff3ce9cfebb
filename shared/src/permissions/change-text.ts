import type { DecisionChange } from '../wire/api-types.ts'
import { shellWord } from '../texts/shell-word.ts'
import { actionToGrant } from './granted-action.ts'

/** The names in a command. An unknown name is a placeholder in capital letters. */
export type ChangeFor = {
  readonly registry?: string | undefined
  readonly objectId?: string | undefined
  /** How `acrux acr grant` names the principal, as a word of a shell. Without it, no such command is printed. */
  readonly who?: string | undefined
  readonly token?: string | undefined
  readonly scopeMap?: string | undefined
  /** The denied action and its repository. */
  readonly asked?: { readonly action: string; readonly repository: string | null } | undefined
  /** Whether roles apply to all repositories, so that a role for one cannot be granted. */
  readonly isForRegistry?: boolean | undefined
}

type TextOf = (change: DecisionChange, names: ChangeFor) => string

/** The command that makes a change, or a sentence if there is none. A kind that is unknown here is shown as it is. */
export function changeText(change: DecisionChange, names: ChangeFor): string {
  const textOf = texts[change.kind]
  return grantText(change, names) ?? (textOf === undefined ? change.kind : textOf(change, names))
}

const registryIn = ({ registry }: ChangeFor): string => shellWord(registry ?? 'REGISTRY')
const objectIdIn = ({ objectId }: ChangeFor): string => shellWord(objectId ?? 'OBJECT-ID')

const texts: Readonly<Partial<Record<string, TextOf>>> = {
  'assign-role': assignRole,
  'change-condition': ({ assignmentId }) =>
    `change the condition of ${assignmentId ?? 'the assignment'} to allow the request`,
  'extend-scope-map': extendScopeMap,
  'enable-admin-account': (_, names) => `acrux acr update -n ${registryIn(names)} --admin-enabled true`,
  'enable-anonymous-pull': (_, names) => `acrux acr update -n ${registryIn(names)} --anonymous-pull-enabled true`,
  'enable-arm-tokens': (_, names) =>
    `acrux acr config authentication-as-arm update -r ${registryIn(names)} --status enabled`,
  'enable-scoped-token': (_, names) =>
    `acrux acr token update -n ${shellWord(names.token ?? 'TOKEN')} -r ${registryIn(names)} --status enabled`,
  'enable-principal': (_, names) =>
    `az ad user update --id ${objectIdIn(names)} --account-enabled true, or az ad sp update --id ${objectIdIn(names)} --set accountEnabled=true`,
  'allow-address': ({ address }, names) => allowAddress(address ?? 'ADDRESS', names),
  'enable-public-network': ({ address }, names) =>
    `acrux acr update -n ${registryIn(names)} --public-network-enabled true${address ? `, and ${allowAddress(address, names)}` : ''}`,
  'get-new-token': ({ access }) => `request a new token${access ? ` with the access scope ${access}` : ''}`,
  'sign-in': () => 'sign in as a principal that has the permission',
  'sign-in-again': () => 'sign in again',
  'try-again': () => 'try again: the issuer of the token could not be reached',
  'add-federated-credential': () =>
    'az ad app federated-credential create, with the issuer, subject and audience of the token',
  'name-application': () =>
    'several applications trust the token: send the client id of the application as the user name or as client_id',
  'allow-pull-from-source': () => 'allow the caller to pull from the registry and repository of the source image',
  'assign-directory-role': () => 'assign a directory role that includes the permission',
}

const grantable: readonly string[] = ['assign-role', 'change-condition', 'extend-scope-map', 'enable-anonymous-pull']

/** The `acrux` command that grants a permission on a repository. Undefined for other changes. */
function grantText({ kind }: DecisionChange, names: ChangeFor): string | undefined {
  const { asked, who, isForRegistry } = names
  const action = actionToGrant(asked?.action)
  const repository = asked?.repository ?? undefined
  if (!grantable.includes(kind) || who === undefined || action === undefined || repository === undefined)
    return undefined
  const isWhole = isForRegistry === true && (kind === 'assign-role' || kind === 'change-condition')
  return `acrux acr grant ${who} ${action} ${shellWord(isWhole ? '*' : repository)} -n ${registryIn(names)}`
}

function assignRole({ roleName, scope, condition }: DecisionChange, names: ChangeFor): string {
  if (scope === undefined) return `assign ${roleName ?? 'a role'} at the scope of the request`
  const assignee = `--assignee-object-id ${objectIdIn(names)} --scope ${shellWord(scope)}`
  const command = `acrux role assignment create --role ${shellWord(roleName ?? 'ROLE')} ${assignee}`
  return condition ? `${command} --condition-version 2.0 --condition ${shellWord(condition)}` : command
}

/** `repositories/team/app/content/read`: the repository may contain slashes, the action contains one. */
function extendScopeMap({ action = '' }: DecisionChange, names: ChangeFor): string {
  const [, repository = 'REPOSITORY', added = 'ACTION'] = /^repositories\/(.+)\/([^/]+\/[^/]+)$/.exec(action) ?? []
  const scopeMap = shellWord(names.scopeMap ?? 'SCOPE-MAP')
  return `acrux acr scope-map update -n ${scopeMap} -r ${registryIn(names)} --add-repository ${shellWord(repository)} ${added}`
}

function allowAddress(address: string, names: ChangeFor): string {
  return `az acr network-rule add -n ${registryIn(names)} --ip-address ${shellWord(address)}`
}
