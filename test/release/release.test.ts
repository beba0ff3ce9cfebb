import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { notesOf, releaseFaults } from '../../scripts/release-faults.mjs'
import { root } from '../clients/lib/examples.ts'
import { tempDir } from '../harness/temp-dir.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
const { date = '' } = notesOf(changelog, version) ?? {}

/** A repository with the files that a release checks, on main, with everything committed. */
function repository() {
  const folder = tempDir('release')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd: folder.path })
  const tracked = execFileSync(
    'git',
    ['ls-files', '--', '*package.json', 'CHANGELOG.md', 'README.md', 'docs', 'examples', 'deploy', 'testing'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  for (const file of tracked.trim().split('\n')) {
    mkdirSync(join(folder.path, dirname(file)), { recursive: true })
    cpSync(join(root, file), join(folder.path, file))
  }
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(join(folder.path, file), change(readFileSync(join(folder.path, file), 'utf8')))
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'all')
  }
  git('init', '--quiet', '--initial-branch=main')
  edit('CHANGELOG.md', (text) => text.replace(/(?<=^## \[Unreleased\]\n)[^]*?(?=^## )/m, '\n'))
  commit()
  return { folder, git, edit, commit }
}

test('a version can be released if its section of the changelog has the date of the day and all files name the version', () => {
  const { folder } = repository()
  using _folder = folder
  assert.deepEqual(releaseFaults(folder.path, version, date), [])
  assert.match(notesOf(changelog, version)?.text ?? '', /\w/)
})

const namesOfVersion: readonly (readonly [file: string, before: string])[] = [
  ['examples/node-test/package.json', '@acrux/acrux@^'],
  ['examples/testcontainers-test/registry.test.mjs', 'acrux:'],
  ['examples/go-test/go.mod', 'acruxtest v'],
  ['examples/java-test/pom.xml', '<artifactId>acrux-junit5</artifactId>\n      <version>'],
  ['examples/emulator-devcontainer/.devcontainer/devcontainer.json', '"version": "'],
  ['testing/java/pom.xml', '<artifactId>acrux-junit5</artifactId>\n  <version>'],
  ['testing/python/pyproject.toml', 'version = "'],
  ['deploy/kubernetes/server/base/kustomization.yaml', 'newTag: '],
]

test('a version is not released if a file names another version', () => {
  const { folder, edit, commit } = repository()
  using _folder = folder
  for (const [file, before] of namesOfVersion) edit(file, (text) => text.replace(before + version, `${before}9.9.9`))
  commit()
  const faults = releaseFaults(folder.path, version, date)
  assert.deepEqual(
    namesOfVersion.map(([file]) => file).filter((file) => !faults.some((fault) => fault.startsWith(`${file} has `))),
    [],
  )
  assert.equal(faults.length, namesOfVersion.length, faults.join('\n'))
})

const faulty: Readonly<Record<string, readonly [(at: ReturnType<typeof repository>) => unknown, RegExp]>> = {
  'a changed file': [({ edit }) => edit('README.md', (text) => `${text}\n`), /working tree has changes/],
  'another branch': [({ git }) => git('switch', '--quiet', '--create', 'topic'), /branch is topic/],
  'a tag of before': [({ git }) => git('tag', `v${version}`), /tag v.* exists/],
  'a package of another version': [
    ({ edit, commit }) => {
      edit('cli/package.json', (text) => text.replace(`"version": "${version}"`, '"version": "9.9.9"'))
      commit()
    },
    /cli\/package\.json has the version 9\.9\.9/,
  ],
  'an example of another version': [
    ({ edit, commit }) => {
      edit('examples/github-actions/push.yml', (text) => text.replace(`login@v${version}`, 'login@v9.9.9'))
      commit()
    },
    /push\.yml has acrux\/actions\/login@v9\.9\.9/,
  ],
  'unreleased changes': [
    ({ edit, commit }) => {
      edit('CHANGELOG.md', (text) => text.replace('## [Unreleased]\n', '## [Unreleased]\n\n- Something.\n'))
      commit()
    },
    /unreleased changes/,
  ],
  'no section in the changelog': [
    ({ edit, commit }) => {
      edit('CHANGELOG.md', (text) => text.replace(`## [${version}]`, '## [9.9.9]'))
      commit()
    },
    /no section/,
  ],
}

for (const [title, [prepare, expected]] of Object.entries(faulty)) {
  test(`a version is not released with ${title}`, () => {
    const at = repository()
    using _folder = at.folder
    prepare(at)
    const faults = releaseFaults(at.folder.path, version, date)
    assert.equal(faults.length, 1, faults.join('\n'))
    assert.match(faults[0] ?? '', expected)
  })
}

test('a version is not released with the date of another day', () => {
  const { folder } = repository()
  using _folder = folder
  assert.match(
    releaseFaults(folder.path, version, '2099-01-01').join('\n'),
    /^CHANGELOG\.md dates .* change the date to 2099-01-01$/,
  )
})
