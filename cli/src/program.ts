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

// The server is loaded only where it is wanted: the other commands answer at once.
if (process.argv.slice(2).includes('serve')) (await import('./serve.ts')).addServe(program)
else program.command('serve').description('serve a registry')

await program.parseAsync()
