import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Command, Option } from 'commander'
import { completionScript } from './scripts.ts'

const program = new Command('acrux')
const group = program.command('acr')
group.command('list').addOption(new Option('-o, --output <format>')).addOption(new Option('--old').hideHelp())
program.command('version')

test('the script of bash offers subcommands and options, except options that the help does not show', () => {
  const script = completionScript('bash', program)
  // prettier-ignore
  const cases: readonly (readonly [line: readonly string[], offered: string, why: string])[] = [
    [['acrux', ''],                      'acr\nversion',     'the first word'],
    [['acrux', 'v'],                     'version',          'the beginning of a word'],
    [['acrux', 'acr', ''],               'list',             'below a group'],
    [['acrux', 'acr', 'list', '-'],      '--output\n--help', 'the options of a command'],
    [['acrux', 'acr', 'list', 'x', '-'], '--output\n--help', 'after an argument'],
  ]
  for (const [line, offered, why] of cases) {
    const words = line.map((word) => `'${word}'`).join(' ')
    const asked = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _acrux; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['--norc', '-c', asked], { encoding: 'utf8' })
    assert.equal(stdout.trim(), offered, why)
  }
})

test('all shells have a script with the words, and other shells have no script', () => {
  for (const shell of ['bash', 'zsh', 'fish']) assert.match(completionScript(shell, program), /--output --help/, shell)
  assert.throws(() => completionScript('ksh', program), { nextStep: 'use one of bash, fish, zsh' })
})
