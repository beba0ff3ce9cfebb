import { expectStatus, graph } from '../harness/arm.ts'
import { createPerson, type NewPerson } from '../harness/directory.ts'
import { type Elsewhere, type Page, pageVisitor, type PageVisitor, type Person } from '../harness/page-visitor.ts'
import type { RunningServer } from '../harness/server.ts'
import { totpOf } from '../harness/totp.ts'
import type { Sender } from './fairness-jobs.ts'
import { newPasskey } from './software-passkey.ts'

/** The people who send forms, and the id of the passkey that one of them has. */
export interface People {
  readonly senders: Readonly<Record<Sender, Person>>
  readonly passkeyId: string
}

/** The role of an owner of the directory: Global Administrator. */
const ownerRole = '62e90394-69f5-4237-9190-012177145e10'

/** The page of an answer. @throws if the browser was redirected to another server */
export function requirePage(page: Page | Elsewhere): Page {
  if ('location' in page) throw new Error(`redirected to ${page.location.href}`)
  return page
}

/** Signs in with a user name and a password only. Returns the page that follows. */
export async function enterPassword(
  visitor: PageVisitor,
  { userPrincipalName, password }: Person,
  path = '/account/security',
): Promise<Page> {
  const page = requirePage(await visitor.open(path))
  return requirePage(await visitor.submit(page, { username: userPrincipalName, password }))
}

/** Sets up an authenticator app, on the page that shows its secret. */
async function setUpApp(visitor: PageVisitor, page: Page, path: string): Promise<void> {
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(page.html)?.[1]?.replaceAll(' ', '') ?? ''
  const done = requirePage(await visitor.submit(page, { code: totpOf(secret) }, path))
  if (!/recovery codes/i.test(done.html)) throw new Error(`the app was not set up:\n${done.html}`)
}

/** Signs an owner in to the portal, for which owners need a second factor. Returns the browser. */
export async function signInOwner(server: RunningServer): Promise<PageVisitor> {
  const visitor = pageVisitor(server)
  const enrolment = await enterPassword(visitor, server.firstRun.owner, '/portal/sign-in')
  const shown = requirePage(await visitor.submit(enrolment, {}, '/sign-in/enrolment'))
  await setUpApp(visitor, shown, '/sign-in/enrolment/confirm')
  await visitor.signIn(await visitor.open('/portal/sign-in'), server.firstRun.owner)
  return visitor
}

/** Creates a person who has signed in from this address, so that the guesses of strangers do not deny their sign-ins. */
async function knownPerson(server: RunningServer, name: string): Promise<[NewPerson, PageVisitor, Page]> {
  const person = await createPerson(server, name)
  const visitor = pageVisitor(server)
  return [person, visitor, await enterPassword(visitor, person)]
}

async function userWithApp(server: RunningServer): Promise<Person> {
  const [person, visitor, page] = await knownPerson(server, 'with-app')
  const shown = requirePage(await visitor.submit(page, {}, '/account/security/authenticator/new'))
  await setUpApp(visitor, shown, '/account/security/authenticator')
  return person
}

async function userWithPasskey(
  server: RunningServer,
): Promise<{ readonly person: Person; readonly passkeyId: string }> {
  const [person, visitor] = await knownPerson(server, 'with-passkey')
  const page = requirePage(await visitor.open('/account/security/passkey'))
  const { id, credential } = newPasskey(page)
  const done = requirePage(await visitor.submit(page, { credential, name: 'worst' }, '/account/security/passkey'))
  if (!/recovery codes/i.test(done.html)) throw new Error(`the passkey was not added:\n${done.html}`)
  return { person, passkeyId: id }
}

async function userWithTemporaryPassword(server: RunningServer): Promise<Person> {
  const [person] = await knownPerson(server, 'temporary')
  const passwordProfile = { password: 'a temporary lantern 9', forceChangePasswordNextSignIn: true }
  expectStatus(await graph(server, 'PATCH', `/users/${person.id}`, { passwordProfile }), 204)
  return { ...person, password: passwordProfile.password }
}

async function ownerWithoutSecondFactor(server: RunningServer): Promise<Person> {
  const [person] = await knownPerson(server, 'without-factor')
  const role = { principalId: person.id, roleDefinitionId: ownerRole, directoryScopeId: '/' }
  expectStatus(await graph(server, 'POST', '/roleManagement/directory/roleAssignments', role), 201)
  return person
}

/** Creates the people who send forms. The server must require a second factor of owners. */
export async function createPeople(server: RunningServer): Promise<People> {
  const [user] = await knownPerson(server, 'form-user')
  const [adding] = await knownPerson(server, 'adding')
  const [guessed] = await knownPerson(server, 'guessed')
  const { person: withPasskey, passkeyId } = await userWithPasskey(server)
  return {
    senders: {
      user,
      'user who adds an app': adding,
      'user with a guessed password': guessed,
      'user with an app': await userWithApp(server),
      'user with a passkey': withPasskey,
      'user with a temporary password': await userWithTemporaryPassword(server),
      'owner without a second factor': await ownerWithoutSecondFactor(server),
    },
    passkeyId,
  }
}
