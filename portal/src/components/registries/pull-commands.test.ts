import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageName, pullCommand, pullers } from './pull-commands.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('an image has a tag after a colon, or a digest after an at sign', () => {
  assert.equal(imageName('team/app', '1.2'), 'team/app:1.2')
  assert.equal(imageName('team/app', digest), `team/app@${digest}`)
})

test('each program pulls by tag and by digest', () => {
  const commands = pullers.map((puller) => pullCommand(puller, 'r.example.com', 'team/app', '1'))
  assert.deepEqual(commands, [
    'docker pull r.example.com/team/app:1',
    'podman pull r.example.com/team/app:1',
    'helm pull oci://r.example.com/team/app --version 1',
    'oras pull r.example.com/team/app:1',
    'image: r.example.com/team/app:1',
  ])
  for (const puller of pullers) {
    const name = `r.example.com/team/app@${digest}`
    assert.ok(pullCommand(puller, 'r.example.com', 'team/app', digest).endsWith(name), puller)
  }
})
