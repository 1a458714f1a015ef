;; What the engine imports from `env`, answered inside the module: the outside world is asked for one
;; thing only, the offset of the call's time zone.
(module
 (import "engine" "memory" (memory 1))
 (import "engine" "JS_ToCStringLen2" (func $to_text (param i32 i32 i64 i32) (result i32)))
 (import "engine" "JS_FreeCString" (func $free_text (param i32 i32)))
 (import "engine" "JS_ToInt64" (func $to_int64 (param i32 i32 i64) (result i32)))
 (import "engine" "JS_Eval" (func $eval (param i32 i32 i32 i32 i32) (result i64)))
 (import "engine" "JS_FreeValue" (func $free (param i32 i64)))
 (import "engine" "JS_Call" (func $call (param i32 i64 i64 i32 i32) (result i64)))
 (import "engine" "qjs_get_undefined" (func $boxed_undefined (result i32)))
 (import "engine" "qjs_free_value" (func $free_box (param i32)))
 (import "step" "block" (func $block (result i32)))
 (import "nexus" "zone_offset" (func $zone_offset (param i32 i32) (result i32)))

 (func $exception (param $value i64) (result i32)
  (i64.eq (i64.shr_u (local.get $value) (i64.const 32)) (i64.const 6)))

 ;; The value in argument $n of a host function: arguments are pointers to boxed values.
 (func $argument (param $arguments i32) (param $n i32) (result i64)
  (i64.load (i32.load (i32.add (local.get $arguments) (i32.shl (local.get $n) (i32.const 2))))))

 (func $boxed (param $value i64) (result i32)
  (local $box i32)
  (local.set $box (call $boxed_undefined))
  (i64.store (local.get $box) (local.get $value))
  (local.get $box))

 ;; compile(source, file, flags): the engine's own evaluator.  With the compile-only flag (32) nothing
 ;; runs and the result is undefined.  An exception stays pending and is told by 0.
 (func $compile (param $arguments i32) (result i32)
  (local $context i32) (local $source i32) (local $file i32) (local $flags i32) (local $result i64) (local $room i32)
  (local.set $context (i32.load (call $block)))
  (local.set $room (i32.add (call $block) (i32.const 88)))
  (local.set $flags (i32.wrap_i64 (call $argument (local.get $arguments) (i32.const 2))))
  (local.set $file (call $to_text (local.get $context) (i32.const 0) (call $argument (local.get $arguments) (i32.const 1)) (i32.const 0)))
  (if (i32.eqz (local.get $file)) (then (return (i32.const 0))))
  (local.set $source (call $to_text (local.get $context) (local.get $room) (call $argument (local.get $arguments) (i32.const 0)) (i32.const 0)))
  (if (i32.eqz (local.get $source)) (then
   (call $free_text (local.get $context) (local.get $file))
   (return (i32.const 0))))
  (local.set $result (call $eval (local.get $context) (local.get $source) (i32.load (local.get $room)) (local.get $file) (local.get $flags)))
  (call $free_text (local.get $context) (local.get $source))
  (call $free_text (local.get $context) (local.get $file))
  (if (call $exception (local.get $result)) (then (return (i32.const 0))))
  (if (i32.and (local.get $flags) (i32.const 32)) (then
   (call $free (local.get $context) (local.get $result))
   (return (call $boxed_undefined))))
  (call $boxed (local.get $result)))

 ;; clock(milliseconds): what the engine's clock reads from now on.
 (func $clock (param $arguments i32) (result i32)
  (local $at i32)
  (local.set $at (i32.add (call $block) (i32.const 56)))
  (if (i32.lt_s (call $to_int64 (i32.load (call $block)) (local.get $at) (call $argument (local.get $arguments) (i32.const 0))) (i32.const 0))
   (then (return (i32.const 0))))
  (i64.store (local.get $at) (i64.mul (i64.load (local.get $at)) (i64.const 1000000)))
  (call $boxed_undefined))

 ;; The guest's two native functions, told apart by the second letter of their names: compile, clock.
 (func (export "host_call") (param $name i32) (param $length i32) (param $this i32) (param $count i32) (param $arguments i32) (result i32)
  (if (i32.eq (i32.load8_u offset=1 (local.get $name)) (i32.const 108)) (then (return (call $clock (local.get $arguments)))))
  (call $compile (local.get $arguments)))

 (func (export "host_interrupt") (result i32) (i32.const 0))
 (func (export "host_module_normalize") (param i32 i32) (result i32) (i32.const 0))
 (func (export "host_module_load") (param i32 i32) (result i32) (i32.const 0))
 (func (export "host_get_timezone_offset") (param $high i32) (param $low i32) (result i32)
  (call $zone_offset (local.get $high) (local.get $low)))

 ;; Rejections nobody handles (yet) are told to the guest: function(promise, reason, handled).
 (func (export "host_promise_rejection") (param $promise i32) (param $reason i32) (param $handled i32)
  (local $room i32) (local $context i32)
  (local.set $context (i32.load (call $block)))
  (local.set $room (i32.add (call $block) (i32.const 96)))
  (i64.store (local.get $room) (i64.load (local.get $promise)))
  (i64.store offset=8 (local.get $room) (i64.load (local.get $reason)))
  (i64.store offset=16 (local.get $room) (i64.or (i64.const 0x100000000) (i64.extend_i32_u (i32.ne (local.get $handled) (i32.const 0)))))
  (call $free (local.get $context)
   (call $call (local.get $context) (i64.load offset=64 (call $block)) (i64.const 0x300000000) (i32.const 3) (local.get $room)))
  (call $free_box (local.get $promise))
  (call $free_box (local.get $reason)))
)
