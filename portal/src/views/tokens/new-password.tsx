import { MessageBar, MessageBarBody } from '@fluentui/react-components'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.token

type NewPasswordProps = { readonly loginServer: string; readonly token: string; readonly password: string }

/** A password that was just generated, which is shown only here. */
export function NewPassword({ loginServer, token, password }: NewPasswordProps) {
  return (
    <>
      <div role="status">
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{texts.once}</MessageBarBody>
        </MessageBar>
      </div>
      <CaptionedText label={words.userName} text={token} />
      <CaptionedText label={rightsTexts.keys.password} text={password} />
      <CaptionedText label={texts.login} text={`docker login ${loginServer} --username ${token}`} />
    </>
  )
}
