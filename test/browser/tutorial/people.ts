import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { expectStatus, graph } from '../../harness/arm.ts'
import { choose, closeSecret, commands, copy, copyOf, fill, follow, label, openTab, picture, press } from './guide.ts'
import { type Setting, type Terminal, loginServer } from './setting.ts'

/** The browsers, shells and data of a test that follows the tutorials. */
export type Story = {
  readonly setting: Setting
  /** The browser and the shell of the owner. */
  readonly owner: Page
  readonly shell: Terminal
  /** Those of Ada. */
  readonly ada: Page
  readonly adaShell: Terminal
}

/** The part of the page that differs between views. */
export const main = (page: Page) => page.locator('main')

/** The dialog that is open. */
export const dialog = (page: Page) => page.getByRole('dialog')

/** The heading of a view. */
export const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true })

/** Follows links of the navigation to a view of the registry. */
export async function openRegistry(page: Page, view: string): Promise<void> {
  await follow(page, 'Home')
  await follow(page, 'contoso')
  await follow(page, view)
}

/** Chooses a password on the page that asks for one. */
async function choosesPassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(password)
  await page.getByLabel('Confirm new password').fill(password)
}

/** 1. The owner signs in for the first time. */
export async function ownerSignsIn({ setting, owner, shell }: Story): Promise<void> {
  const printed = await shell.must(commands('portal-password'), { ACRUX_DATA_DIR: setting.server.dataDir })
  await owner.goto('/')
  await owner.getByLabel(label('User name')).fill('owner@acrux.localhost')
  await owner.getByLabel(label('Password')).fill(printed.trim())
  await picture(owner, 'sign-in', main(owner))
  await press(owner, 'Sign in')
  await choosesPassword(owner, 'owner of seven quiet lanterns')
  await picture(owner, 'new-password', main(owner))
  await press(owner, 'Continue')
  await owner.getByRole('heading', { name: label('First steps') }).waitFor()
  await picture(owner, 'home', main(owner))
}

/** 2. The owner pushes an image with the copied commands, and on the command line. */
export async function ownerPushes({ setting, owner, shell }: Story): Promise<void> {
  await shell.must(commands('portal-build'))
  await follow(owner, 'Push an image')
  await heading(owner, 'contoso').waitFor()
  await picture(owner, 'registry', owner.getByRole('region', { name: 'Sign in and push' }))
  assert.match(await shell.must(await copy(owner, 'Copy login command')), /Login Succeeded/)
  assert.match(await shell.must(await copyOf(owner, 'Push')), /digest: sha256:/)
  await follow(owner, 'Repositories')
  await follow(owner, 'app')
  await owner.getByRole('link', { name: '1', exact: true }).waitFor()
  await picture(owner, 'repository', main(owner))
  const machine = setting.openTerminal()
  assert.match(await machine.must(commands('portal-cli-push'), { ACRUX_DATA_DIR: setting.server.dataDir }), /^ *"1"$/m)
}

/** 3. The owner adds Ada. Returns the link for her. */
export async function ownerAddsAda({ owner }: Story): Promise<string> {
  await follow(owner, 'People')
  await press(owner, 'Add a person')
  await fill(owner, 'Name', 'Ada')
  await fill(owner, 'User name', 'ada@example.com')
  await picture(owner, 'add-person', dialog(owner))
  await press(owner, 'Add a person')
  await owner.getByText('The person is added').waitFor()
  await picture(owner, 'one-time-link', dialog(owner))
  const link = await copyOf(owner, 'One-time link')
  await closeSecret(owner)
  return link
}

/** Roles can be limited to repositories from now on. */
export async function ownerSwitchesMode({ owner }: Story): Promise<void> {
  await openRegistry(owner, 'Access control')
  await openTab(owner, 'Permissions per repository')
  await press(owner, 'Switch to Permissions per repository')
  await picture(owner, 'switch', dialog(owner))
  await press(owner, 'Switch to Permissions per repository')
  await owner.getByText('Under “Role assignments”, add a role for repositories').waitFor()
}

/** Gives Ada a role for her repository. */
export async function ownerGivesRole({ owner }: Story): Promise<void> {
  await follow(owner, 'People')
  await follow(owner, 'Ada')
  await givesRole(owner, 'team/app')
}

/** Gives the principal of the view a role for some repositories. */
export async function givesRole(page: Page, repository: string, role = 'Writer'): Promise<void> {
  await press(page, 'Give a role')
  await heading(page, 'Add a role assignment').waitFor()
  await choose(page, `Container Registry Repository ${role}`)
  await press(page, 'Next')
  await page.getByRole('button', { name: /^Remove: / }).waitFor()
  await press(page, 'Next')
  await choose(page, 'Some repositories')
  await page.getByRole('textbox').fill(repository)
  if (repository === 'team/app') await picture(page, 'one-repository', main(page).getByRole('region'))
  await press(page, 'Next')
  await press(page, 'Assign')
  await page.getByText('The role was assigned.').waitFor()
}

/** Ada signs in on her own machine, pushes to her repository, and is denied elsewhere. */
export async function adaPushes({ ada, adaShell }: Story, link: string): Promise<void> {
  await ada.goto(link)
  await press(ada, 'Continue')
  await choosesPassword(ada, 'nine brass lanterns of ada')
  await picture(ada, 'choose-password', main(ada))
  await press(ada, 'Continue')
  await follow(ada, 'Portal')
  await heading(ada, 'Welcome').waitFor()
  await picture(ada, 'ada-home', ada.getByRole('region', { name: 'Your registries' }))
  await press(ada, 'Open a registry')
  await heading(ada, 'contoso').waitFor()
  assert.match(await adaShell.must(await copy(ada, 'Copy login command')), /Login Succeeded/)
  assert.match(await adaShell.must(commands('portal-ada-push')), /digest: sha256:/)
  const denied = await adaShell.run(commands('portal-ada-denied'))
  assert.equal(denied.code, 1)
  assert.match(denied.stderr, /denied/)
}

/** 5. Ada's pull is denied. The owner finds out why, and fixes it. */
export async function pullIsFixed({ owner, adaShell }: Story): Promise<void> {
  const denied = await adaShell.run(commands('portal-ada-pull'))
  assert.equal(denied.code, 1)
  await openRegistry(owner, 'Audit log')
  await press(owner, 'Denials')
  const ofAda = owner.getByRole('row', { name: 'ada@example.com' }).first()
  await ofAda.waitFor()
  await picture(owner, 'denials', owner.getByRole('region', { name: 'Events' }))
  await ofAda.getByRole('link', { name: label('Explain') }).click()
  await heading(owner, 'Why was this denied?').waitFor()
  await picture(owner, 'why', ...['Reason', 'Request'].map((name) => owner.getByRole('region', { name })))
  const fix = 'Assign the role Container Registry Repository Reader'
  await press(owner, fix)
  await picture(owner, 'fix', dialog(owner))
  await press(owner, fix)
  await owner.getByText('the server would allow the same request now').waitFor()
  await adaShell.must(commands('portal-ada-pull'))
  const push = await adaShell.run(`docker push ${loginServer}/app:1`)
  assert.equal(push.code, 1, 'the fix of a pull permits no push')
}

/** 7. Ada's sign-ins end: that of the portal, to which her docker belongs, and then all. */
export async function signInsEnd({ owner, ada, adaShell }: Story): Promise<void> {
  await follow(owner, 'People')
  await follow(owner, 'Ada')
  await owner.getByRole('button', { name: label('Reset the password') }).waitFor()
  await owner.getByRole('tab', { name: label('Overview') }).waitFor()
  await openTab(owner, 'Sign-ins')
  const end = owner.getByRole('button', { name: /^End the sign-in to Acrux portal/ })
  await end.waitFor()
  await picture(owner, 'sign-ins', main(owner).getByRole('group', { name: 'Sign-ins', exact: true }))
  await adaShell.must(commands('portal-ada-pull'))
  await end.click()
  await press(owner, 'End')
  await dialog(owner).waitFor({ state: 'detached' })
  assert.equal((await adaShell.run(commands('portal-ada-pull'))).code, 1)
  await press(owner, 'End all sign-ins')
  await picture(owner, 'end-sign-ins', dialog(owner))
  await press(owner, 'End all sign-ins')
  await dialog(owner).waitFor({ state: 'detached' })
  await ada.reload()
  await ada.getByLabel('Password').waitFor()
}

/** The command line does the same for Grace as the portal for Ada. */
export async function commandsWork({ setting }: Story): Promise<void> {
  const { server } = setting
  const grace = { userPrincipalName: 'grace@example.com', displayName: 'Grace', mailNickname: 'grace' }
  const passwordProfile = { password: 'tidal lantern 7 quilt' }
  expectStatus(await graph(server, 'POST', '/users', { ...grace, accountEnabled: true, passwordProfile }), 201)
  const machine = setting.openTerminal()
  const first = 'acrux login --first-run\n'
  const env = { ACRUX_DATA_DIR: server.dataDir }
  const printed = await machine.must(`${first}${commands('portal-cli-team')}${commands('portal-cli-programs')}`, env)
  assert.match(printed, /not allowed/)
  const can = await machine.must('acrux acr can grace@example.com pull app -n contoso', env)
  assert.match(can, /^allowed/m)
}
