import { expectStatus, graph } from './arm.ts'
import { stringAt } from './json.ts'
import type { Person } from './page-visitor.ts'
import type { RunningServer } from './server.ts'

/** A person as the directory made them, who keeps the password that they were given. */
export interface NewPerson extends Person {
  /** The object id. */
  readonly id: string
}

/** Creates a person of the server's own domain. */
export async function createPerson(server: RunningServer, name: string): Promise<NewPerson> {
  const userPrincipalName = `${name}@acrux.localhost`
  const password = 'tidal lantern 7 quilt'
  const passwordProfile = { password, forceChangePasswordNextSignIn: false }
  const body = { userPrincipalName, displayName: name, mailNickname: name, accountEnabled: true, passwordProfile }
  const made = expectStatus(await graph(server, 'POST', '/users', body), 201).json()
  return { id: stringAt(made, 'id'), userPrincipalName, password }
}

/** Creates a group with these members. Returns its object id. */
export async function createGroup(
  server: RunningServer,
  displayName: string,
  ...members: readonly string[]
): Promise<string> {
  const mailNickname = displayName.replaceAll(/[^\w.-]/g, '-')
  const body = { displayName, mailNickname, mailEnabled: false, securityEnabled: true }
  const id = stringAt(expectStatus(await graph(server, 'POST', '/groups', body), 201).json(), 'id')
  for (const member of members) {
    const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${member}` }
    expectStatus(await graph(server, 'POST', `/groups/${id}/members/$ref`, reference), 204)
  }
  return id
}

/** Gives a principal the role of a reader of the directory. Returns the id of the assignment. */
export async function letReadDirectory(server: RunningServer, principalId: string): Promise<string> {
  const role = { principalId, roleDefinitionId: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b', directoryScopeId: '/' }
  const path = '/roleManagement/directory/roleAssignments'
  return stringAt(expectStatus(await graph(server, 'POST', path, role), 201).json(), 'id')
}
