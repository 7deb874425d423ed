package checkpoint

import "fmt"

// The opcodes of protocols 2 to 5 that Python writes. Those of protocols 0 and 1 alone, out-of-band buffers and the
// extension registry are refused: torch uses none of them.
const (
	opMark, opStop, opPop, opPopMark, opDup               = '(', '.', '0', '1', '2'
	opNone, opTrue, opFalse                               = 'N', 0x88, 0x89
	opInt4, opInt1, opInt2, opLong1, opLong4, opFloat     = 'J', 'K', 'M', 0x8a, 0x8b, 'G'
	opString4, opString1                                  = 'T', 'U'
	opUnicode4, opUnicode1, opUnicode8                    = 'X', 0x8c, 0x8d
	opBytes4, opBytes1, opBytes8, opByteArray             = 'B', 'C', 0x8e, 0x96
	opEmptyList, opAppend, opAppends                      = ']', 'a', 'e'
	opEmptyTuple, opTuple, opTuple1, opTuple2, opTuple3   = ')', 't', 0x85, 0x86, 0x87
	opEmptyDict, opSetItem, opSetItems                    = '}', 's', 'u'
	opEmptySet, opAddItems, opFrozenSet                   = 0x8f, 0x90, 0x91
	opGlobal, opStackGlobal                               = 'c', 0x93
	opReduce, opBuild, opNewObject, opNewObjectEx         = 'R', 'b', 0x81, 0x92
	opPut1, opPut4, opGet1, opGet4, opMemoize, opPersonal = 'q', 'r', 'h', 'j', 0x94, 'Q'
	opProtocol, opFrame                                   = 0x80, 0x95
)

// step executes one opcode.
func (m *machine) step(op byte) error {
	switch op {
	case opProtocol:
		version, err := m.number(1)
		if err == nil && (version < 2 || version > 5) {
			return fmt.Errorf("protocol %d: torch writes 2", version)
		}
		return err
	case opFrame:
		_, err := m.number(8) // only says how much could be read ahead
		return err
	case opMark:
		m.marks = append(m.marks, len(m.stack))
	case opPop:
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.top()
		m.push(v)
		return err
	case opPut1, opPut4:
		i, err := m.number(map[byte]int{opPut1: 1, opPut4: 4}[op])
		if err != nil {
			return err
		}
		return m.put(i)
	case opMemoize:
		return m.put(uint64(len(m.memo)))
	case opGet1, opGet4:
		i, err := m.number(map[byte]int{opGet1: 1, opGet4: 4}[op])
		if err != nil {
			return err
		}
		return m.get(i)
	case opPersonal:
		id, err := m.pop()
		if err != nil {
			return err
		}
		v, err := m.persistent(id)
		m.push(v)
		return err
	case opGlobal, opStackGlobal, opReduce, opBuild, opNewObject, opNewObjectEx:
		return m.stepObject(op)
	case opEmptyList, opAppend, opAppends, opEmptyTuple, opTuple, opTuple1, opTuple2, opTuple3,
		opEmptyDict, opSetItem, opSetItems, opEmptySet, opAddItems, opFrozenSet:
		return m.stepContainer(op)
	default:
		return m.stepScalar(op)
	}
	return nil
}

func (m *machine) stepScalar(op byte) error {
	var (
		b   []byte
		v   any
		err error
	)
	switch op {
	case opNone:
	case opTrue, opFalse:
		v = op == opTrue
	case opInt1, opInt2:
		var n uint64
		n, err = m.number(map[byte]int{opInt1: 1, opInt2: 2}[op])
		v = int64(n)
	case opInt4:
		if b, err = m.take(4); err == nil {
			v, err = integer(b)
		}
	case opLong1, opLong4:
		if b, err = m.counted(map[byte]int{opLong1: 1, opLong4: 4}[op]); err == nil {
			v, err = integer(b)
		}
	case opFloat:
		if b, err = m.take(8); err == nil {
			v = float(b)
		}
	case opString1, opUnicode1, opString4, opUnicode4, opUnicode8:
		b, err = m.counted(map[byte]int{opString1: 1, opUnicode1: 1, opString4: 4, opUnicode4: 4, opUnicode8: 8}[op])
		v = string(b)
	case opBytes1, opBytes4, opBytes8, opByteArray:
		b, err = m.counted(map[byte]int{opBytes1: 1, opBytes4: 4, opBytes8: 8, opByteArray: 8}[op])
		v = append([]byte(nil), b...)
	default:
		return fmt.Errorf("opcode %#02x has no place in a checkpoint", op)
	}
	m.push(v)
	return err
}

func (m *machine) stepContainer(op byte) error {
	switch op {
	case opEmptyList, opEmptySet:
		m.push(&List{})
		return nil
	case opEmptyDict:
		m.push(&Dict{})
		return nil
	case opEmptyTuple:
		m.push(Tuple{})
		return nil
	case opTuple1, opTuple2, opTuple3:
		items := make(Tuple, op-opTuple1+1)
		for i := len(items) - 1; i >= 0; i-- {
			v, err := m.pop()
			if err != nil {
				return err
			}
			items[i] = v
		}
		m.push(items)
		return nil
	}
	var items []any
	var err error
	switch op {
	case opAppend:
		items = make([]any, 1)
		items[0], err = m.pop()
	case opSetItem:
		items = make([]any, 2)
		if items[1], err = m.pop(); err == nil {
			items[0], err = m.pop()
		}
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	switch op {
	case opTuple:
		m.push(Tuple(items))
		return nil
	case opFrozenSet:
		m.push(&List{items})
		return nil
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	switch op {
	case opAppend, opAppends, opAddItems:
		if list, ok := target.(*List); ok {
			list.Items = append(list.Items, items...)
			return nil
		}
	case opSetItem, opSetItems:
		if dict, ok := target.(*Dict); ok && len(items)%2 == 0 {
			for i := 0; i < len(items); i += 2 {
				dict.set(items[i], items[i+1])
			}
			return nil
		}
	}
	if _, ok := target.(*Object); ok {
		return nil // the items of a class derived from list or dict: nobody asks for them
	}
	return fmt.Errorf("%d items for a %T", len(items), target)
}

func (m *machine) stepObject(op byte) error {
	switch op {
	case opGlobal:
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		m.push(Class{module, name})
		return err
	case opStackGlobal:
		name, err := m.pop()
		if err != nil {
			return err
		}
		module, err := m.pop()
		if err != nil {
			return err
		}
		names, isName := name.(string)
		modules, isModule := module.(string)
		if !isName || !isModule {
			return fmt.Errorf("a class whose name is a %T and a %T", module, name)
		}
		m.push(Class{modules, names})
		return nil
	case opBuild:
		state, err := m.pop()
		if err != nil {
			return err
		}
		target, err := m.top()
		if object, ok := target.(*Object); ok {
			object.State = state
		} // attributes of tensors and dictionaries, such as OrderedDict's _metadata, mean nothing here
		return err
	}
	if op == opNewObjectEx {
		if _, err := m.pop(); err != nil { // keyword arguments
			return err
		}
	}
	args, err := m.pop()
	if err != nil {
		return err
	}
	class, err := m.pop()
	if err != nil {
		return err
	}
	value, err := call(class, args)
	m.push(value)
	return err
}

// call stands for calling a class or function: the few that rebuild weights are done, all others are only noted.
func call(callee, args any) (any, error) {
	class, ok := callee.(Class)
	if !ok {
		return nil, fmt.Errorf("a call of a %T", callee)
	}
	arguments, ok := args.(Tuple)
	if !ok {
		return nil, fmt.Errorf("%s.%s is called with a %T", class.Module, class.Name, args)
	}
	switch class {
	case Class{"collections", "OrderedDict"}:
		return &Dict{}, nil
	case Class{"torch._utils", "_rebuild_tensor_v2"}, Class{"torch._utils", "_rebuild_tensor"}:
		return rebuildTensor(arguments)
	case Class{"torch._utils", "_rebuild_parameter"}, Class{"torch._utils", "_rebuild_parameter_with_state"}:
		if len(arguments) > 0 {
			return arguments[0], nil
		}
	}
	return &Object{Class: class, Args: arguments}, nil
}
