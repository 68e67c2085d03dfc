/** A model that runs here: what it does next depends on what its tools have answered. */
import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages'
import { type FakeBuiltModel, fakeModel } from '@langchain/core/testing'
import * as z from 'zod/mini'

/** Where the model buys. */
export type Providers = { readonly translate: string; readonly draw: string }

const answer = z.object({ status: z.literal('ok'), httpStatus: z.literal(200), untrustedBody: z.string() })
const translation = z.object({ text: z.string() })
const image = z.object({ image: z.string() })

/**
 * Makes the model. It has the headline translated, has an image drawn for what came back, and puts the post together;
 * an answer that it cannot read ends the run.
 */
export function createWriter(headline: string, { translate, draw }: Providers): FakeBuiltModel {
  return fakeModel()
    .respond(() => order('translate', translate, { text: headline, to: 'de' }))
    .respond((messages) => order('draw', draw, { prompt: readTranslation(messages) }))
    .respond((messages) => {
      const drawn = image.parse(readAnswer(messages, 'draw'))
      return new AIMessage(`${readTranslation(messages)}\n${drawn.image}`)
    })
}

function order(id: string, url: string, what: Readonly<Record<string, string>>): AIMessage {
  const headers = { 'content-type': 'application/json' }
  const args = { url, method: 'POST', headers, body: JSON.stringify(what) }
  return new AIMessage({ content: '', tool_calls: [{ id, name: 'pay_fetch', args, type: 'tool_call' }] })
}

function readTranslation(messages: readonly BaseMessage[]): string {
  return translation.parse(readAnswer(messages, 'translate')).text
}

/** What a tool answered to a call, which has to be goods. */
function readAnswer(messages: readonly BaseMessage[], id: string): unknown {
  const message = messages.find((one) => ToolMessage.isInstance(one) && one.tool_call_id === id)
  return JSON.parse(answer.parse(JSON.parse(String(message?.content))).untrustedBody)
}
