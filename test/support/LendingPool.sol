// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
  function transfer(address to, uint256 amount) external returns (bool);
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// What a pool gives for what is supplied to it.
contract Receipt {
  mapping(address => uint256) public balanceOf;
  event Transfer(address indexed from, address indexed to, uint256 value);

  function mint(address to, uint256 amount) external {
    balanceOf[to] += amount;
    emit Transfer(address(0), to, amount);
  }

  function burn(address from, uint256 amount) external {
    balanceOf[from] -= amount;
    emit Transfer(from, address(0), amount);
  }
}

/// Has one reserve, rounds as a test says, and can keep what it owes.
contract LendingPool {
  address constant asset_ = 0x036CbD53842c5426634e7929541eC2318f3dCF7e;
  Receipt constant receipt = Receipt(0x0000000000000000000000000000000000001905);
  int256 public rounding;
  bool public isThief;

  function set(int256 units, bool keeps) external {
    rounding = units;
    isThief = keeps;
  }

  function supply(address asset, uint256 amount, address onBehalfOf, uint16) external {
    Token(asset).transferFrom(msg.sender, address(this), amount);
    receipt.mint(isThief ? address(this) : onBehalfOf, rounded(amount));
  }

  function withdraw(address asset, uint256 amount, address to) external returns (uint256) {
    receipt.burn(msg.sender, rounded(amount));
    if (!isThief) Token(asset).transfer(to, amount);
    return amount;
  }

  function getReserveData(address asset) external pure returns (uint256[15] memory data) {
    if (asset == asset_) data[8] = uint256(uint160(address(receipt)));
  }

  function rounded(uint256 amount) internal view returns (uint256) {
    return uint256(int256(amount) + rounding);
  }
}
