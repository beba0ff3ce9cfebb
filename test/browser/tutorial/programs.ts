import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { choose, closeSecret, commands, copyOf, fill, follow, openTab, picture, press } from './guide.ts'
import { type Claims, type Runner, azureRunner, gitHubRunner, gitLabRunner, kubernetesRunner } from './jobs.ts'
import { type Story, dialog, givesRole, heading, main } from './people.ts'
import { loginServer } from './setting.ts'

async function createsApplication(page: Page, name: string): Promise<void> {
  await follow(page, 'Applications')
  await press(page, 'Create an application')
  await fill(page, 'Name', name)
  await press(page, 'Create an application')
  await heading(page, name).waitFor()
}

async function opensWizard(page: Page): Promise<void> {
  await openTab(page, 'Federated credentials')
  await press(page, 'Trust a CI job or a pod')
}

/** Fills in the wizard, creates the federated credential, and copies the text for the job. */
async function trusts(
  page: Page,
  system: string,
  fields: Readonly<Record<string, string>>,
  look = async () => {},
): Promise<string> {
  await choose(page, system)
  for (const [name, value] of Object.entries(fields)) await fill(page, name, value)
  await press(page, 'Create')
  await page.getByText('The application trusts the job.').waitFor()
  await look()
  return copyOf(page, 'Paste this text into the job')
}

/** Asserts that the job pushes, and that another job with the same text is denied at the login. */
async function runs(runner: Runner, text: string, claims: Claims, others: Claims): Promise<void> {
  const ran = await runner(text, claims)
  assert.equal(ran.code, 0, ran.log)
  const other = await runner(text, { ...claims, ...others })
  assert.notEqual(other.code, 0, other.log)
  // skopeo and podman do not print the message of the server.
  assert.match(other.log, /no federated credential trusts the subject of the token|invalid username\/password/)
}

/** 4. A GitHub job pushes without a stored secret. */
export async function gitHubPushes({ setting, owner }: Story): Promise<void> {
  await createsApplication(owner, 'ci')
  await opensWizard(owner)
  const part = (name: string) => owner.getByRole('region', { name, exact: true })
  const text = await trusts(owner, 'GitHub Actions', { 'Id of the repository': '123456789' }, async () => {
    await picture(owner, 'trust-job', part('System'), part('What is trusted'))
    await picture(owner, 'workflow', part('Paste this text into the job'))
  })
  const runner = gitHubRunner(setting)
  const claims = { repository_id: '123456789', ref: 'refs/heads/main', sub: 'repo:octo/app:ref:refs/heads/main' }
  const early = await runner(text, claims)
  assert.equal(early.code, 1)
  assert.match(early.log, /Login Succeeded[\s\S]*denied/, 'without a role, the job signs in, and may not push')
  await givesRole(owner, 'team/*')
  await runs(runner, text, claims, { ref: 'refs/heads/topic' })
}

/** The texts for other systems work as well. */
export async function othersPush({ setting, owner }: Story): Promise<void> {
  const Issuer = setting.issuer.origin
  await follow(owner, 'Applications')
  await follow(owner, 'ci')
  await opensWizard(owner)
  const branch = { project_id: '42', ref_type: 'branch', ref: 'main', sub: 'project_path:team/app:ref_type:branch:ref:main' } // prettier-ignore
  const gitLab = await trusts(owner, 'GitLab', { Issuer, 'Id of the project': '42' })
  await runs(gitLabRunner(setting), gitLab, branch, { ref: 'topic' })
  const pod = await trusts(owner, 'Kubernetes', { Issuer })
  const podRunner = kubernetesRunner(setting, `${loginServer}/team/app`)
  const account = (namespace: string) => ({ sub: `system:serviceaccount:${namespace}:default` })
  await runs(podRunner, pod, account('default'), account('other'))
  const connection = { sub: 'sc://organization/project/connection' }
  const fields = { Issuer, 'Subject identifier': connection.sub, 'Id of the service connection': 'c0ffee' }
  const azure = await trusts(owner, 'Azure DevOps', fields)
  await press(owner, 'Accept it')
  await owner.getByText('The registry accepts it.').waitFor()
  await runs(azureRunner(setting), azure, connection, { sub: 'sc://organization/project/other' })
}

/** 6. The secret of an application is rotated while its clients pull. */
export async function secretIsRotated({ setting, owner }: Story): Promise<void> {
  await createsApplication(owner, 'website')
  await givesRole(owner, 'team/*', 'Reader')
  await follow(owner, 'Applications')
  await follow(owner, 'website')
  await openTab(owner, 'Secrets and certificates')
  const old = await createsSecret(owner, '2026', 'secret')
  const CLIENT_ID = await copyOf(owner, 'User name for docker login')
  await closeSecret(owner)
  const signsIn = async (SECRET: string) => {
    const machine = setting.openTerminal()
    await machine.must(commands('portal-secret'), { SECRET, CLIENT_ID })
    return async () => (await machine.run(`docker pull ${loginServer}/team/app:latest`)).code
  }
  const pullsWithOld = await signsIn(old)
  const fresh = await createsSecret(owner, '2027')
  await closeSecret(owner)
  await picture(owner, 'rotate', main(owner).getByRole('region', { name: 'Secrets' }))
  const pullsWithFresh = await signsIn(fresh)
  assert.deepEqual([await pullsWithOld(), await pullsWithFresh()], [0, 0])
  await press(owner, 'Show the last use')
  await owner.getByText('five minutes old').waitFor()
  await press(owner, 'Remove the secret 2026')
  await picture(owner, 'remove-secret', dialog(owner))
  await press(owner, 'Remove')
  await dialog(owner).waitFor({ state: 'detached' })
  assert.deepEqual([await pullsWithOld(), await pullsWithFresh()], [1, 0])
}

async function createsSecret(page: Page, name: string, pictureName?: string): Promise<string> {
  await press(page, 'New secret')
  await fill(page, 'What it is for', name)
  await press(page, 'New secret')
  await dialog(page).getByRole('group', { name: 'Secret', exact: true }).waitFor()
  if (pictureName !== undefined) await picture(page, pictureName, dialog(page))
  return copyOf(page, 'Secret')
}
