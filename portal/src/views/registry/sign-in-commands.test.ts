import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserCommands, clients, loginCommand, pushCommand } from './sign-in-commands.ts'

const login = { loginServer: 'contoso.localhost:5443', username: '00000000', password: 'secret' }

test('no login command has the password among its arguments', () => {
  for (const client of clients) {
    const [echo, command = ''] = loginCommand(client, login).split(' | ')
    assert.equal(echo, 'echo secret')
    assert.match(command, / login contoso\.localhost:5443 --username 00000000 --password-stdin$/)
    assert.doesNotMatch(command, /secret/)
  }
  assert.match(loginCommand('helm', login), /helm registry login/)
})

test('each client pushes with its own command, and podman the image that is given', () => {
  const pushed = clients.map((client) => pushCommand(client, 'a.example', 'team/app:2'))
  assert.equal(new Set(pushed).size, clients.length)
  assert.equal(pushed[1], 'podman tag app:1 a.example/team/app:2 && podman push a.example/team/app:2')
})

test('a program that has no settings signs in to this server, and not to Azure', () => {
  const { acrux, azSetUp } = browserCommands('contoso', 'https://registry.example.com')
  assert.equal(acrux, 'acrux login --server https://registry.example.com && acrux acr login --name contoso')
  assert.match(azSetUp, /--endpoint-resource-manager https:\/\/registry\.example\.com && az cloud set -n acrux/)
})
