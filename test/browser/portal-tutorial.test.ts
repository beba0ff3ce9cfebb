import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireClient, requireRoot } from '../harness/clients.ts'
import { isPortalBuilt } from './portal-page.ts'
import { untold } from './tutorial/guide.ts'
import * as people from './tutorial/people.ts'
import { gitHubPushes, othersPush, secretIsRotated } from './tutorial/programs.ts'
import { openSetting, programs } from './tutorial/setting.ts'

test('a new user follows the tutorials of the portal', { timeout: 900_000 }, async (t) => {
  if (!requireRoot(t) || !requireClient(t, ...programs) || !isPortalBuilt(t)) return
  await using setting = await openSetting()
  const { page: owner, faults } = await setting.openBrowser()
  const { page: ada, faults: faultsOfAda } = await setting.openBrowser()
  const story = { setting, owner, ada, shell: setting.openTerminal(), adaShell: setting.openTerminal() }
  await t.test('signs in', () => people.ownerSignsIn(story))
  await t.test('pushes with the copied commands', () => people.ownerPushes(story))
  await t.test('gives a second user push on one repository', async () => {
    const invited = await people.ownerAddsAda(story)
    await people.ownerSwitchesMode(story)
    await people.ownerGivesRole(story)
    await people.adaPushes(story, invited)
  })
  await t.test('sets up a job of GitHub, which pushes', () => gitHubPushes(story))
  await t.test('finds out why a pull was denied, and fixes it', () => people.pullIsFixed(story))
  await t.test('rotates a secret while both work', () => secretIsRotated(story))
  await t.test('ends the sign-ins of a person', () => people.signInsEnd(story))
  await t.test('sets up jobs of other systems, which push', () => othersPush(story))
  await t.test('does the same on the command line', () => people.commandsWork(story))
  assert.deepEqual([...faults, ...faultsOfAda], [])
  assert.deepEqual(untold(), [])
})
