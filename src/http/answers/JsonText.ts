/**
 * JSON that is written already, as a document to answer with: nothing of it is parsed or written
 * again.
 */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
