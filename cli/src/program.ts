import { Command } from 'commander'
import { version } from './version.ts'

const program = new Command('acrux')
  .description('A container registry that anyone can run, with the authentication of Azure Container Registry.')
  .version(version, '--version', 'print the version')
  .helpCommand('help [command]', 'show what a command does')
  .showHelpAfterError('(acrux --help shows what there is)')

program
  .command('version')
  .description('print the version of acrux and of Node')
  .action(() => {
    process.stdout.write(`acrux ${version} (node ${process.versions.node})\n`)
  })

// The server, and whatever else takes time to load, is loaded only where it is wanted: the other commands answer at once.
const words = new Set(process.argv.slice(2))
if (words.has('identity-endpoint')) {
  const { addIdentityEndpoint } = await import('./identity-endpoint/command.ts')
  addIdentityEndpoint(program)
} else {
  program.command('identity-endpoint').description('give programs on this machine a managed identity')
}
if (words.has('acr') && !words.has('identity-endpoint')) (await import('./acr/command.ts')).addAcr(program)
else program.command('acr').description('say why a request was refused, and who may do something')
if (words.has('audit') && !words.has('identity-endpoint')) (await import('./audit/command.ts')).addAudit(program)
else program.command('audit').description('read the audit log, and see that nobody altered it')
if (words.has('backup') && !words.has('identity-endpoint')) (await import('./backup/command.ts')).addBackup(program)
else program.command('backup').description('back up a server, and restore it')
if (words.has('owner') && !words.has('identity-endpoint')) (await import('./owner/command.ts')).addOwner(program)
else program.command('owner').description('restore the access of an owner')
if (words.has('scrub') && !words.has('identity-endpoint')) (await import('./scrub/command.ts')).addScrub(program)
else program.command('scrub').description('verify all stored content')
if (words.has('serve') && !words.has('identity-endpoint')) (await import('./serve.ts')).addServe(program)
else program.command('serve').description('serve a registry')

await program.parseAsync()
