import { randomUUID } from 'node:crypto'
import { arm, assignRole, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import type { NewPerson } from '../harness/directory.ts'
import { stringAt } from '../harness/json.ts'
import type { RunningServer } from '../harness/server.ts'

const directoryOwner = '62e90394-69f5-4237-9190-012177145e10'
const catalogLister = 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7'
const repositoryContributor = '2efddaa5-3f1f-4df3-97df-af3f13818f4c'
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const repositoryWriter = '2a1e307c-b015-4ebd-883e-5b7698a07328'

/** The repository of the writer. */
export const ownRepository = 'team/app'

/** The mode of the first registry, in which roles for single repositories work or do not. */
export const setMode = async (
  server: RunningServer,
  roleAssignmentMode: 'AbacRepositoryPermissions' | 'LegacyRegistryPermissions',
) => expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { roleAssignmentMode } }), 200, 201)

/** Gives a person a role on the first registry. */
const give = (server: RunningServer, { id }: NewPerson, role: string, scope = registryId(server)) =>
  assignRole(server, { id, type: 'User' }, role, scope)

/** Makes a person an owner of the directory. */
export async function giveDirectory(server: RunningServer, { id }: NewPerson): Promise<void> {
  const body = { principalId: id, roleDefinitionId: directoryOwner, directoryScopeId: '/' }
  expectStatus(await graph(server, 'POST', '/roleManagement/directory/roleAssignments', body), 201)
}

/** Gives a person the role to pull and push in one repository. It has an effect in the mode of roles for single repositories only. */
export const giveRepository = (server: RunningServer, person: NewPerson, repository: string) =>
  giveWithCondition(server, person, repositoryWriter, `StringEqualsIgnoreCase '${repository}'`)

/** Gives a person the role to pull repositories whose names begin with a text. It has an effect in the same mode only. */
export const giveReaderBelow = (server: RunningServer, person: NewPerson, prefix: string) =>
  giveWithCondition(server, person, repositoryReader, `StringStartsWithIgnoreCase '${prefix}'`)

async function giveWithCondition(server: RunningServer, { id }: NewPerson, role: string, test: string): Promise<void> {
  const properties = {
    roleDefinitionId: `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    principalId: id,
    principalType: 'User',
    condition: `(@Request[Microsoft.ContainerRegistry/registries/repositories:name] ${test})`,
    conditionVersion: '2.0',
  }
  const path = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`
  expectStatus(await arm(server, 'PUT', path, { properties }), 201)
}

/** Gives the first owner and the first service principal all content. In the mode of roles for single repositories, to own the registry is not enough. */
export async function giveContent(server: RunningServer): Promise<void> {
  const { owner, servicePrincipal } = server.firstRun
  const user = expectStatus(await graph(server, 'GET', `/users/${owner.userPrincipalName}`), 200).json()
  const path = `/servicePrincipals?$filter=appId eq '${servicePrincipal.appId}'`
  const program = expectStatus(await graph(server, 'GET', path), 200).json()
  for (const role of [repositoryContributor, catalogLister]) {
    await assignRole(server, { id: stringAt(user, 'id'), type: 'User' }, role, registryId(server))
    await assignRole(server, stringAt(program, 'value', 0, 'id'), role, registryId(server))
  }
}

/** The four people as whom the portal is tested. The writer is the last: the role has an effect in another mode of the registry. */
export const fourPeople = ['owner', 'nobody', 'puller', 'writer'] as const

export type OneOfFour = (typeof fourPeople)[number]

/** What each of the four people is given. */
export const giveRoles: Readonly<Record<OneOfFour, (server: RunningServer, person: NewPerson) => Promise<void>>> = {
  owner: async (server, person) => {
    await giveDirectory(server, person)
    await give(server, person, roles.owner, `/subscriptions/${server.firstRun.subscriptionId}`)
  },
  nobody: () => Promise.resolve(),
  // Each role has an effect in one of the modes.
  puller: async (server, person) => {
    await give(server, person, roles.acrPull)
    await give(server, person, repositoryReader)
  },
  writer: (server, person) => giveRepository(server, person, ownRepository),
}
