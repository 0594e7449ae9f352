/** A document that is JSON text already: nothing of it is parsed or written again. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
