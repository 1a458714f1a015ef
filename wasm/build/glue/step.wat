;; One host call a step.  The host writes a request (JSON, UTF-8) at the block's input, calls
;; step(block, length), and reads the reply (JSON, UTF-8) that the block then points to.
;;
;; block:  0 context   4 runtime   8 input   12 input capacity   16 reply   20 reply length
;;        24 status   28 jobs run  32 jobs allowed
;;        40 function step(text)   48 function collect()   56 clock, ns   64 function rejection(promise, reason, handled)
;;        72 room for one argument   80 room for the job's context   88 room for a length   96 room for three arguments
;; status: 0 replied, 1 step threw, 2 a job threw, 3 collect threw, 4 jobs past the budget, 5 out of memory
(module
 (import "engine" "memory" (memory 1))
 (import "engine" "JS_NewStringLen" (func $new_string (param i32 i32 i32) (result i64)))
 (import "engine" "JS_Call" (func $call (param i32 i64 i64 i32 i32) (result i64)))
 (import "engine" "JS_FreeValue" (func $free (param i32 i64)))
 (import "engine" "JS_GetException" (func $take_exception (param i32) (result i64)))
 (import "engine" "JS_IsJobPending" (func $pending (param i32) (result i32)))
 (import "engine" "JS_ExecutePendingJob" (func $run_job (param i32 i32) (result i32)))
 (import "engine" "JS_ToCStringLen2" (func $to_text (param i32 i32 i64 i32) (result i32)))
 (import "engine" "JS_FreeCString" (func $free_text (param i32 i32)))
 (import "engine" "wasm_malloc" (func $allocate (param i32) (result i32)))
 (import "engine" "wasm_free" (func $release (param i32)))

 (global $current (mut i32) (i32.const 0))
 (func (export "block") (result i32) (global.get $current))
 (func (export "use") (param $block i32) (global.set $current (local.get $block)))

 (func $exception (param $value i64) (result i32)
  (i64.eq (i64.shr_u (local.get $value) (i64.const 32)) (i64.const 6)))

 ;; reserve(block, size): room for a request of `size` bytes; the address, or 0 when memory is short.
 (func (export "reserve") (param $block i32) (param $size i32) (result i32)
  (local $room i32)
  (if (i32.le_u (local.get $size) (i32.load offset=12 (local.get $block)))
   (then (return (i32.load offset=8 (local.get $block)))))
  (local.set $room (call $allocate (local.get $size)))
  (if (local.get $room) (then
   (call $release (i32.load offset=8 (local.get $block)))
   (i32.store offset=8 (local.get $block) (local.get $room))
   (i32.store offset=12 (local.get $block) (local.get $size))))
  (local.get $room))

 (func $finish (param $block i32) (param $status i32) (param $value i64) (result i32)
  (local $context i32)
  (local.set $context (i32.load (local.get $block)))
  (if (call $exception (local.get $value)) (then
   (local.set $value (call $take_exception (local.get $context)))))
  (i32.store offset=16 (local.get $block)
   (call $to_text (local.get $context) (i32.add (local.get $block) (i32.const 20)) (local.get $value) (i32.const 0)))
  (call $free (local.get $context) (local.get $value))
  (if (i32.eqz (i32.load offset=16 (local.get $block))) (then
   (call $free (local.get $context) (call $take_exception (local.get $context)))
   (if (i32.eqz (local.get $status)) (then (local.set $status (i32.const 5))))))
  (i32.store offset=24 (local.get $block) (local.get $status))
  (local.get $status))

 (func (export "step") (param $block i32) (param $length i32) (result i32)
  (local $context i32) (local $runtime i32) (local $value i64) (local $jobs i32) (local $ran i32)
  (global.set $current (local.get $block))
  (local.set $context (i32.load (local.get $block)))
  (local.set $runtime (i32.load offset=4 (local.get $block)))
  (if (i32.load offset=16 (local.get $block)) (then
   (call $free_text (local.get $context) (i32.load offset=16 (local.get $block)))
   (i32.store offset=16 (local.get $block) (i32.const 0))))
  (i32.store offset=20 (local.get $block) (i32.const 0))

  (local.set $value (call $new_string (local.get $context) (i32.load offset=8 (local.get $block)) (local.get $length)))
  (if (call $exception (local.get $value)) (then (return (call $finish (local.get $block) (i32.const 5) (local.get $value)))))
  (i64.store offset=72 (local.get $block) (local.get $value))
  (local.set $value
   (call $call (local.get $context) (i64.load offset=40 (local.get $block)) (i64.const 0x300000000) (i32.const 1)
    (i32.add (local.get $block) (i32.const 72))))
  (call $free (local.get $context) (i64.load offset=72 (local.get $block)))
  (if (call $exception (local.get $value)) (then (return (call $finish (local.get $block) (i32.const 1) (local.get $value)))))
  (call $free (local.get $context) (local.get $value))

  (block $drained
   (loop $next
    (br_if $drained (i32.eqz (call $pending (local.get $runtime))))
    (if (i32.ge_u (local.get $jobs) (i32.load offset=32 (local.get $block))) (then
     (i32.store offset=28 (local.get $block) (local.get $jobs))
     (return (call $finish (local.get $block) (i32.const 4) (i64.const 0x300000000)))))
    (local.set $jobs (i32.add (local.get $jobs) (i32.const 1)))
    (local.set $ran (call $run_job (local.get $runtime) (i32.add (local.get $block) (i32.const 80))))
    (if (i32.lt_s (local.get $ran) (i32.const 0)) (then
     (return (call $finish (local.get $block) (i32.const 2) (i64.const 0x600000000)))))
    (br $next)))
  (i32.store offset=28 (local.get $block) (local.get $jobs))

  (local.set $value
   (call $call (local.get $context) (i64.load offset=48 (local.get $block)) (i64.const 0x300000000) (i32.const 0) (i32.const 0)))
  (call $finish (local.get $block)
   (select (i32.const 3) (i32.const 0) (call $exception (local.get $value)))
   (local.get $value)))
)
