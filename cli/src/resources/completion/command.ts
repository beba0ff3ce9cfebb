import type { Command as Parser } from 'commander'
import { type Command, defineCommand } from '../../framework/command/command.ts'
import { completionScript } from './scripts.ts'

/** `acrux completion`, for the commands of the parser that `loadProgram` creates. */
export function completionCommand(loadProgram: () => Promise<Parser>): Command {
  return defineCommand<{ readonly shell: string }>({
    arguments: [{ name: '<shell>', description: 'bash, zsh or fish' }],
    examples: [
      'acrux completion bash > ~/.local/share/bash-completion/completions/acrux',
      'acrux completion zsh > ~/.zfunc/_acrux',
      'acrux completion fish > ~/.config/fish/completions/acrux.fish',
    ],
    exitCodes: { 0: 'success', 2: 'unknown shell' },
    run: async ({ shell }, { print }) => print(completionScript(shell, await loadProgram())),
  })
}
