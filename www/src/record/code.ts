import { Writer } from "../wire/wasm-binary";
import { Op } from "./instructions";

const VOID = 0x40;

/** The instructions of a function, one after the other. */
export class Code extends Writer {
  get = (local: number): this => this.byte(Op.getLocal).number(local);
  set = (local: number): this => this.byte(Op.setLocal).number(local);
  getGlobal = (index: number): this => this.byte(Op.getGlobal).number(index);
  setGlobal = (index: number): this => this.byte(Op.setGlobal).number(index);
  constant = (value: number): this => this.byte(Op.constant).signed(value);
  call = (index: number): this => this.byte(Op.call).number(index);

  /** Does `then` if the number on the stack is not 0. */
  if(then: () => void): this {
    this.byte(Op.if, VOID);
    then();
    return this.byte(Op.end);
  }

  /** Does `then` if the number on the stack is 0. */
  unless(then: () => void): this {
    return this.byte(Op.equalsZero).if(then);
  }
}
